//! What descriptors say beside the API itself: comments and options, by the full
//! name of the element. What it means for the document is left to others.
//!
//! Options are read from the files' bytes by their numbers, not through the pool's
//! idea of them: the files that define them may be missing from it, and bytes that
//! do not fit must cost an annotation and not the document.

use super::declared::{
    DeprecatedCall, DeprecatedFile, DeprecatedType, DeprecatedValue, Enum, File, Message, OfFields,
    Resource, Resources, Service, Shared,
};
use super::text;
use prost::{Message as _, bytes::Bytes};
use prost_reflect::DescriptorPool;
use std::collections::HashMap;

/// `google.api.FieldBehavior`, as far as it shows.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;
const INPUT_ONLY: i32 = 4;
const IMMUTABLE: i32 = 5;

/// What is noted at one element.
#[derive(Debug, Clone, Default)]
pub(super) struct Note {
    /// Cleaned; empty if there is none.
    pub(super) comment: String,
    /// The element's own mark, or that of what encloses it.
    pub(super) is_deprecated: bool,
    /// Labels of which a reader must have one; without any, everyone may see it.
    pub(super) visibility: Vec<String>,
    behaviors: Vec<i32>,
    /// The type of the resource that a message is.
    pub(super) resource: Option<String>,
    /// The type of the resource that a field names.
    pub(super) reference: Option<String>,
    /// grpc-gateway's annotations, still encoded.
    pub(super) openapiv2: Bytes,
    pub(super) openapiv3: Bytes,
}

/// The notes of all files of a pool.
#[derive(Debug, Default)]
pub(super) struct Notes {
    elements: HashMap<String, Note>,
    files: HashMap<String, Note>,
    resources: Vec<Resource>,
}

impl Note {
    pub(super) fn is_required(&self) -> bool {
        self.behaviors.contains(&REQUIRED)
    }

    pub(super) fn is_output_only(&self) -> bool {
        self.behaviors.contains(&OUTPUT_ONLY)
    }

    pub(super) fn is_input_only(&self) -> bool {
        self.behaviors.contains(&INPUT_ONLY)
    }

    pub(super) fn is_immutable(&self) -> bool {
        self.behaviors.contains(&IMMUTABLE)
    }

    /// What the options say that any kind of element may carry.
    fn of(options: &[u8]) -> Self {
        let shared = Shared::decode(options).unwrap_or_default();
        let labels = shared.visibility.unwrap_or_default().restriction;
        let labels = labels.split(',').map(str::trim);
        Self {
            visibility: labels
                .filter(|label| !label.is_empty())
                .map(str::to_owned)
                .collect(),
            // Pieces of one message, one behind the other, are the message.
            openapiv2: shared.openapiv2.concat().into(),
            openapiv3: shared.openapiv3.concat().into(),
            ..Self::default()
        }
    }
}

impl Notes {
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let mut notes = Self::default();
        for file in pool.files() {
            // A pool's file is well-formed, and no more of it is decoded here.
            if let Ok(read) = File::decode(file.encode_to_vec().as_slice()) {
                notes.file(file.name(), &read);
            }
        }
        notes
    }

    /// What is noted at an element.
    pub(super) fn at(&self, full_name: &str) -> &Note {
        static NONE: Note = Note {
            comment: String::new(),
            is_deprecated: false,
            visibility: Vec::new(),
            behaviors: Vec::new(),
            resource: None,
            reference: None,
            openapiv2: Bytes::new(),
            openapiv3: Bytes::new(),
        };
        self.elements.get(full_name).unwrap_or(&NONE)
    }

    /// What is noted at a file.
    pub(super) fn file_note(&self, name: &str) -> Option<&Note> {
        self.files.get(name)
    }

    /// The patterns of all resources that are defined anywhere.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &str> {
        let patterns = self.resources.iter().flat_map(|it| &it.patterns);
        patterns.map(String::as_str)
    }

    fn file(&mut self, name: &str, file: &File) {
        let options = file.options.concat();
        let mut note = Note::of(&options);
        note.is_deprecated = DeprecatedFile::decode(&*options).is_ok_and(|it| it.deprecated);
        self.resources.extend(resources(&options));

        let info = file.source_info.as_ref();
        let locations = info.map_or(&[][..], |info| &info.locations);
        let comments = locations.iter().filter_map(|location| {
            let comment = [&location.leading, &location.trailing]
                .map(|comment| text::clean(comment))
                .into_iter()
                .find(|comment| !comment.is_empty())?;
            Some((location.path.as_slice(), comment))
        });
        let walk = Walk {
            comments: comments.collect(),
            notes: self,
        };
        walk.file(file, note.is_deprecated);
        self.files.insert(name.to_owned(), note);
    }
}

/// The way through one file, with its comments by their places: the numbers of
/// fields and the positions that lead to an element.
struct Walk<'a> {
    comments: HashMap<&'a [i32], String>,
    notes: &'a mut Notes,
}

impl Walk<'_> {
    fn file(mut self, file: &File, is_deprecated: bool) {
        for (place, message) in places(&[], 4, &file.messages) {
            self.message(&file.package, &place, message, is_deprecated);
        }
        for (place, item) in places(&[], 5, &file.enums) {
            self.enumeration(&file.package, &place, item, is_deprecated);
        }
        for (place, service) in places(&[], 6, &file.services) {
            self.service(&file.package, &place, service, is_deprecated);
        }
    }

    fn message(&mut self, scope: &str, place: &[i32], message: &Message, is_outer: bool) {
        let options = message.options.concat();
        let mut note = Note::of(&options);
        let is_own = DeprecatedType::decode(&*options).is_ok_and(|it| it.deprecated);
        note.is_deprecated = is_outer || is_own;
        let is_deprecated = note.is_deprecated;
        for resource in resources(&options) {
            note.resource = Some(resource.kind.clone());
            self.notes.resources.push(resource);
        }
        let scope = self.put(scope, &message.name, place, note);
        for (place, field) in places(place, 2, &message.fields) {
            let options = field.options.concat();
            let of_fields = OfFields::decode(&*options).unwrap_or_default();
            let note = Note {
                is_deprecated: DeprecatedType::decode(&*options).is_ok_and(|it| it.deprecated),
                behaviors: of_fields.behaviors,
                reference: of_fields.reference.map(|reference| reference.kind),
                ..Note::of(&options)
            };
            self.put(&scope, &field.name, &place, note);
        }
        for (place, nested) in places(place, 3, &message.nested) {
            self.message(&scope, &place, nested, is_deprecated);
        }
        for (place, item) in places(place, 4, &message.enums) {
            self.enumeration(&scope, &place, item, is_deprecated);
        }
    }

    fn enumeration(&mut self, scope: &str, place: &[i32], item: &Enum, is_outer: bool) {
        let options = item.options.concat();
        let mut note = Note::of(&options);
        let is_own = DeprecatedType::decode(&*options).is_ok_and(|it| it.deprecated);
        note.is_deprecated = is_outer || is_own;
        // Values are siblings of their enum to protobuf; here they stand below it.
        let scope = self.put(scope, &item.name, place, note);
        for (place, value) in places(place, 2, &item.values) {
            let options = value.options.concat();
            let mut note = Note::of(&options);
            note.is_deprecated = DeprecatedValue::decode(&*options).is_ok_and(|it| it.deprecated);
            self.put(&scope, &value.name, &place, note);
        }
    }

    fn service(&mut self, scope: &str, place: &[i32], service: &Service, is_outer: bool) {
        let is_deprecated =
            |options: &[u8]| DeprecatedCall::decode(options).is_ok_and(|it| it.deprecated);
        let options = service.options.concat();
        let mut note = Note::of(&options);
        note.is_deprecated = is_outer || is_deprecated(&options);
        let is_outer = note.is_deprecated;
        let scope = self.put(scope, &service.name, place, note);
        for (place, method) in places(place, 2, &service.methods) {
            let options = method.options.concat();
            let mut note = Note::of(&options);
            note.is_deprecated = is_outer || is_deprecated(&options);
            self.put(&scope, &method.name, &place, note);
        }
    }

    /// Keeps a note with its comment, and returns the element's full name.
    fn put(&mut self, scope: &str, name: &str, place: &[i32], mut note: Note) -> String {
        let full_name = match scope {
            "" => name.to_owned(),
            scope => format!("{scope}.{name}"),
        };
        note.comment = self.comments.remove(place).unwrap_or_default();
        self.notes.elements.insert(full_name.clone(), note);
        full_name
    }
}

/// Elements with their places: below `outer`, in its field `number`.
fn places<'a, T>(
    outer: &[i32],
    number: i32,
    items: &'a [T],
) -> impl Iterator<Item = (Vec<i32>, &'a T)> {
    let indices = (0..i32::MAX).zip(items);
    indices.map(move |(index, item)| ([outer, &[number, index]].concat(), item))
}

fn resources(options: &[u8]) -> Vec<Resource> {
    Resources::decode(options).unwrap_or_default().resources
}
