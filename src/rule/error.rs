//! What is wrong with one rule: where it stands, what it says, why that does not
//! hold and what to do. Finding it is left to `compile` and `fields`.

use super::{Source, annotated::Part};
use std::fmt;

/// One thing wrong with one HTTP rule. Prints as a block of lines
/// with a caret under the culprit where it is in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    pub(super) source: Source,
    pub(super) file: Option<String>,
    pub(super) position: Option<(usize, usize)>,
    pub(super) method: String,
    pub(super) rule: String,
    pub(super) caret: Option<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl RuleError {
    /// Where the rule comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The file that holds the rule: a `.proto` file by its import name, or a file of
    /// rules. None where the rule is automatic.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Line and column in that file, both from 1, of what is at fault in the rule, or
    /// of the nearest thing around it whose place is known. None where descriptors
    /// carry no source info.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }

    /// The gRPC method, `pkg.Service.Method`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The rule, as far as it could be read: `GET /v1/{name}`.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The byte in [`rule`](Self::rule) at which it goes wrong, from 0, where
    /// there is such a place.
    pub fn caret(&self) -> Option<usize> {
        self.caret
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => f.write_str(file)?,
            None => write!(f, "{}", self.source)?,
        }
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": rule of {}", self.method)?;
        // One character stays one column, and no line is broken by a rule's own text.
        let shown: String = self
            .rule
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        write!(f, "\n  {shown}\n  ")?;
        if let Some(caret) = self.caret {
            let before = self
                .rule
                .char_indices()
                .take_while(|(at, _)| *at < caret)
                .count();
            write!(f, "{:before$}^ ", "")?;
        }
        write!(f, "{}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// A [`RuleError`] that does not know yet which rule it is about.
#[derive(Debug)]
pub(super) struct Fault {
    /// The byte in the template, from 0.
    pub(super) column: Option<usize>,
    /// What of the rule it is in, as far as it is known.
    pub(super) part: Part,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Fault {
        Fault {
            column: None,
            part: Part::Whole,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn at(mut self, column: usize) -> Fault {
        self.column = Some(column);
        self
    }

    pub(super) fn within(mut self, part: Part) -> Fault {
        self.part = part;
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}
