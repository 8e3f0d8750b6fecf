//! Where the client's lines come from: a terminal, with editing and a history that
//! outlives the program, or a pipe.

use rustyline::{Config, DefaultEditor, error::ReadlineError};
use std::{
    collections::VecDeque,
    env, fs,
    io::{self, BufRead as _, IsTerminal as _},
    path::PathBuf,
};

/// How many lines are remembered.
const HISTORY: usize = 1_000;

/// What came next.
pub(super) enum Line {
    Text(String),
    /// Nothing more comes.
    End,
}

/// The lines of a terminal or a pipe.
pub(super) enum Lines {
    Terminal(Box<Terminal>),
    Pipe(io::StdinLock<'static>),
}

pub(super) struct Terminal {
    editor: DefaultEditor,
    history: Option<PathBuf>,
    /// The rest of what was pasted at once.
    pasted: VecDeque<String>,
}

impl Lines {
    pub(super) fn open() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            Terminal::open()
                .map(Box::new)
                .map(Self::Terminal)
                .map_err(io::Error::other)
        } else {
            Ok(Self::Pipe(io::stdin().lock()))
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    pub(super) fn next(&mut self) -> io::Result<Line> {
        match self {
            Self::Terminal(terminal) => terminal.next(),
            Self::Pipe(input) => {
                let mut line = Vec::new();
                if input.read_until(b'\n', &mut line)? == 0 {
                    return Ok(Line::End);
                }
                let text = String::from_utf8_lossy(&line);
                Ok(Line::Text(text.trim_end_matches(['\n', '\r']).to_owned()))
            }
        }
    }
}

impl Terminal {
    fn open() -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)?
            .auto_add_history(true)
            .build();
        let mut editor = DefaultEditor::with_config(config)?;
        let history = history_file();
        if let Some(file) = &history {
            // None yet, or not to be read: the session begins without.
            let _ = editor.load_history(file);
        }
        Ok(Self {
            editor,
            history,
            pasted: VecDeque::new(),
        })
    }

    fn next(&mut self) -> io::Result<Line> {
        loop {
            if let Some(line) = self.pasted.pop_front() {
                println!("> {line}");
                return Ok(Line::Text(line));
            }
            match self.editor.readline("> ") {
                Ok(line) if line.contains('\n') => {
                    self.pasted = line.lines().map(str::to_owned).collect();
                }
                Ok(line) if line.is_empty() => {}
                Ok(line) => return Ok(Line::Text(line)),
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(Line::End),
                Err(ReadlineError::Io(error)) => return Err(error),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(file) = &self.history {
            // A history that cannot be kept is no reason to complain at the end.
            if let Some(directory) = file.parent() {
                let _ = fs::create_dir_all(directory);
            }
            let _ = self.editor.save_history(file);
        }
    }
}

/// By the XDG base directories: state, not configuration.
fn history_file() -> Option<PathBuf> {
    let state = match env::var_os("XDG_STATE_HOME") {
        Some(state) if !state.is_empty() => PathBuf::from(state),
        _ => PathBuf::from(env::var_os("HOME")?).join(".local/state"),
    };
    Some(state.join("trestle").join("history"))
}
