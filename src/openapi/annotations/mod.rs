//! The annotations of grpc-gateway's generators (`openapiv2_…`, `openapiv3_…`), as
//! the words they put into a document. Where both stand, the newer one wins. What
//! would contradict how the gateway answers (types, paths, status codes) is not
//! read.

mod v2;
mod v3;

use super::notes::Note;
use super::tree::Object;

/// What a file says of the whole document.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Members of `info`.
    pub(super) info: Object,
    pub(super) servers: Vec<Object>,
    pub(super) tags: Vec<Object>,
    pub(super) external_docs: Option<Object>,
    pub(super) security_schemes: Object,
    pub(super) security: Vec<Object>,
}

/// What a method says of its operation.
#[derive(Debug, Default)]
pub(super) struct Operation {
    pub(super) tags: Vec<String>,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) operation_id: String,
    pub(super) deprecated: bool,
    pub(super) external_docs: Option<Object>,
    pub(super) security: Vec<Object>,
}

/// What a service says of its tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) external_docs: Option<Object>,
}

pub(super) fn file(note: &Note) -> File {
    v3::file(&note.openapiv3).unwrap_or_else(|| v2::file(&note.openapiv2))
}

pub(super) fn operation(note: &Note) -> Operation {
    v3::operation(&note.openapiv3).unwrap_or_else(|| v2::operation(&note.openapiv2))
}

pub(super) fn tag(note: &Note) -> Tag {
    v3::tag(&note.openapiv3).unwrap_or_else(|| v2::tag(&note.openapiv2))
}

/// Keywords for the schema of a message.
pub(super) fn message(note: &Note) -> Object {
    v3::schema(&note.openapiv3).unwrap_or_else(|| v2::message(&note.openapiv2))
}

/// Keywords for the schema of a field.
pub(super) fn field(note: &Note) -> Object {
    v3::schema(&note.openapiv3).unwrap_or_else(|| v2::field(&note.openapiv2))
}

/// An example as it was written: JSON, or else text.
fn example(text: &str) -> Option<Vec<super::tree::Tree>> {
    use serde_json::Value;
    (!text.is_empty()).then(|| {
        let value = serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
        vec![value.into()]
    })
}

fn count(value: u64) -> Option<i64> {
    i64::try_from(value).ok().filter(|value| *value > 0)
}
