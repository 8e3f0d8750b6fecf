//! The same document in two versions of OpenAPI. It is built as 3.1, with nothing
//! that 3.0 cannot say; here the words change for which the two have different ones.

use super::tree::{Object, Tree};

/// A version of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// 3.0.3, for tools that know no other.
    V3_0,
    /// 3.1.0.
    #[default]
    V3_1,
}

impl Version {
    /// `openapi` as the document states it.
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0.3",
            Self::V3_1 => "3.1.0",
        }
    }
}

impl std::str::FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "3.0" | "3.0.3" => Ok(Self::V3_0),
            "3.1" | "3.1.0" => Ok(Self::V3_1),
            _ => Err("the versions are 3.0 and 3.1".to_owned()),
        }
    }
}

/// Turns what is valid as 3.1 into 3.0. A keyword is told from a property of the
/// same name by its value, which for a property is an object.
pub(super) fn lower(tree: &mut Tree) {
    match tree {
        Tree::List(items) => items.iter_mut().for_each(lower),
        Tree::Object(object) => lower_object(object),
        _ => {}
    }
}

fn lower_object(object: &mut Object) {
    object.values_mut().for_each(lower);
    if matches!(object.get("contentEncoding"), Some(Tree::Text(_))) {
        object.remove("contentEncoding");
    }
    if let Some(Tree::List(_)) = object.get("examples")
        && let Some(Tree::List(mut examples)) = object.remove("examples")
        && !examples.is_empty()
    {
        object.set("example", examples.swap_remove(0));
    }
    // Of what must not be there together, progenitor makes what is not there at all;
    // it reads 3.0 only, and its callers have the descriptions.
    if let Some(Tree::Object(excluded)) = object.get("not")
        && (excluded.get("required").is_some() || excluded.get("anyOf").is_some())
    {
        object.remove("not");
    }
    for (exclusive, limit) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(value @ (Tree::Integer(_) | Tree::Number(_))) = object.get(exclusive) {
            let value = value.clone();
            object.set(limit, value);
            object.set(exclusive, true);
        }
    }
    // Beside a reference nothing else counts in 3.0.
    if let Some(Tree::Text(_)) = object.get("$ref")
        && object.len() > 1
        && let Some(reference) = object.remove("$ref")
    {
        object.set("allOf", vec![Object::new().with("$ref", reference)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keywords_are_lowered_and_properties_of_their_names_are_not() {
        let mut tree = Tree::from(json!({
            "type": "string",
            "contentEncoding": "base64",
            "properties": {
                "contentEncoding": {"type": "string", "examples": ["gzip", "br"]},
                "examples": {"$ref": "#/a", "description": "b"},
                "$ref": {"$ref": "#/c"},
                "n": {"exclusiveMaximum": 5},
                "not": {"type": "string"}
            },
            "not": {"required": ["a", "b"]}
        }));
        lower(&mut tree);
        let expected = json!({
            "type": "string",
            "properties": {
                "contentEncoding": {"type": "string", "example": "gzip"},
                "examples": {"description": "b", "allOf": [{"$ref": "#/a"}]},
                "$ref": {"$ref": "#/c"},
                "n": {"maximum": 5, "exclusiveMaximum": true},
                "not": {"type": "string"}
            }
        });
        assert_eq!(serde_json::to_value(&tree).ok(), Some(expected));
    }
}
