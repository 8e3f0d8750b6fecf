//! Path templates as OpenAPI has them: every wildcard is a parameter of its own,
//! and the literal segments inside a variable stand in the path, so that whoever
//! fills the parameters in reaches the route.

use super::api::{Api, paragraphs};
use super::names::Unique;
use super::notes::Notes;
use super::schema::Schemas;
use super::tree::Object;
use super::{annotations, field::of_type, tree::Tree};
use crate::rule::{Binding, Capture, Segment};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost_reflect::FieldDescriptor;

/// What may not stand in a path as it is, braces included.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A template taken apart.
pub(super) struct Shape<'b> {
    pieces: Vec<Piece<'b>>,
    verb: Option<String>,
}

enum Piece<'b> {
    Literal(String),
    Wildcard {
        name: String,
        /// The variable that the wildcard is in.
        capture: Option<&'b Capture>,
        is_rest: bool,
    },
}

impl<'b> Shape<'b> {
    pub(super) fn of(api: &Api<'_>, binding: &'b Binding) -> Self {
        let segments = binding.template.segments();
        let mut names = Unique::default();
        let mut pieces = Vec::new();
        for (at, segment) in segments.iter().enumerate() {
            let capture = binding
                .captures
                .iter()
                .find(|capture| capture.segments.contains(&at));
            pieces.push(match segment {
                Segment::Literal(text) => Piece::Literal(encode(text)),
                Segment::One | Segment::Rest => Piece::Wildcard {
                    name: names.claim(name(api, segments, capture, at)),
                    capture,
                    is_rest: *segment == Segment::Rest,
                },
            });
        }
        let verb = binding.template.verb().map(encode);
        Self { pieces, verb }
    }

    /// Paths of the same form are one path to OpenAPI, whatever their parameters
    /// are called.
    pub(super) fn form(&self) -> String {
        self.print(|_| "")
    }

    /// Takes over the names of another shape of the same form.
    pub(super) fn rename(&mut self, names: &[String]) {
        let mut names = names.iter();
        for piece in &mut self.pieces {
            if let Piece::Wildcard { name, .. } = piece
                && let Some(other) = names.next()
            {
                name.clone_from(other);
            }
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Wildcard { name, .. } => Some(name.clone()),
            Piece::Literal(_) => None,
        });
        names.collect()
    }

    /// The path, as a document states it.
    pub(super) fn path(&self) -> String {
        self.print(|name| name)
    }

    fn print(&self, shown: impl Fn(&str) -> &str) -> String {
        let mut path = String::new();
        for piece in &self.pieces {
            path.push('/');
            match piece {
                Piece::Literal(text) => path.push_str(text),
                Piece::Wildcard { name, .. } => path.push_str(&format!("{{{}}}", shown(name))),
            }
        }
        if path.is_empty() {
            path.push('/');
        }
        if let Some(verb) = &self.verb {
            path.push(':');
            path.push_str(verb);
        }
        path
    }

    /// The parameters, in the order of the path.
    pub(super) fn parameters(&self, schemas: &mut Schemas<'_>) -> Vec<Object> {
        let mut parameters = Vec::new();
        for piece in &self.pieces {
            let Piece::Wildcard {
                name,
                capture,
                is_rest,
            } = piece
            else {
                continue;
            };
            let field = capture.and_then(|capture| last(schemas.api, capture));
            let is_whole = capture.is_some_and(|capture| capture.segments.len() == 1);
            let (schema, about) = match (&field, capture) {
                (Some(field), _) if is_whole => {
                    (schemas.value(field), about(&schemas.api.notes, field))
                }
                (_, Some(capture)) => {
                    let whole = schemas.api.path_name(&capture.field);
                    let value = self.value(capture);
                    let part = format!("Part of `{whole}`, which is `{value}`.");
                    let own = field.as_ref().map(|field| about(&schemas.api.notes, field));
                    let about = paragraphs(&[&own.unwrap_or_default(), &part]);
                    (of_type("string"), about)
                }
                (_, None) => (of_type("string"), String::new()),
            };
            let about = match is_rest {
                true => paragraphs(&[
                    &about,
                    "Any number of segments, with their slashes as they are.",
                ]),
                false => about,
            };
            parameters.push(
                Object::new()
                    .with("name", name.as_str())
                    .with("in", "path")
                    .with("required", true)
                    .with_text("description", &about)
                    .with("schema", schema),
            );
        }
        parameters
    }

    /// The part of the path that makes a variable's value.
    fn value(&self, capture: &Capture) -> String {
        let pieces = &self.pieces[capture.segments.clone()];
        let parts = pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Wildcard { name, .. } => format!("{{{name}}}"),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// What a wildcard is called: as the pattern of a resource has it, or as the
/// variable that it is in.
fn name(api: &Api<'_>, segments: &[Segment], capture: Option<&Capture>, at: usize) -> String {
    let Some(capture) = capture else {
        return "segment".to_owned();
    };
    if capture.segments.len() > 1 {
        let value = &segments[capture.segments.clone()];
        let named = api
            .notes
            .patterns()
            .find_map(|pattern| in_pattern(pattern, value, at - capture.segments.start));
        if let Some(name) = named {
            return name;
        }
    }
    let fields = api.fields(&capture.field).unwrap_or_default();
    let names: Vec<_> = fields.iter().map(|field| api.field_name(field)).collect();
    // The name is the document's own, and to many tools a dot in a path's braces reads
    // as a member of something.
    match names.as_slice() {
        [] => api.path_name(&capture.field).replace('.', "_"),
        names => names.join("_"),
    }
}

/// The name that a resource's pattern gives to the segment `at`, if the pattern
/// begins with the form of these segments: it names what lies above the resource too.
fn in_pattern(pattern: &str, segments: &[Segment], at: usize) -> Option<String> {
    let parts: Vec<_> = pattern.split('/').collect();
    let variable = |part: &str| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.split('=').next().unwrap_or(name).to_owned())
    };
    let fits = parts.len() >= segments.len()
        && parts
            .iter()
            .zip(segments)
            .all(|(part, segment)| match segment {
                Segment::Literal(text) => part == text,
                Segment::One => variable(part).is_some() && !part.contains("=**"),
                Segment::Rest => part.ends_with("=**}"),
            });
    fits.then(|| variable(parts[at]))?
}

fn last(api: &Api<'_>, capture: &Capture) -> Option<FieldDescriptor> {
    api.fields(&capture.field)?.pop()
}

fn about(notes: &Notes, field: &FieldDescriptor) -> String {
    let note = notes.at(field.full_name());
    match annotations::field(note).get("description") {
        Some(Tree::Text(text)) => text.clone(),
        _ => note.comment.clone(),
    }
}
