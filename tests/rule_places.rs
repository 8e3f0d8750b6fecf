//! Where faults of annotations are said to be: the places are looked up in the text
//! that was compiled, so that no number here is anybody's guess.
#![allow(clippy::unwrap_used)]

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use std::{fs, path::PathBuf};
use trestle::{
    descriptors,
    rule::{self, RuleError},
    transcode::Schema,
};

/// One method with all of its rule in one option, one with an option a field.
const SOURCE: &str = r#"syntax = "proto3";
package p;
import "google/api/annotations.proto";
message M { string a = 1; }
service Unruly { rpc None(M) returns (M); }
service S {
  rpc Whole(M) returns (M) {
    option deprecated = true;
    option (google.api.http) = {
      get: "/{whole}"
      additional_bindings { post: "/ok" body: "b" }
    };
  }
  rpc Pieces(M) returns (M) {
    option (google.api.http).body = "c";
    option (google.api.http).response_body = "d";
    option (google.api.http).post = "/{e}";
    option (google.api.http).additional_bindings = { get: "/fine" };
    option (google.api.http).additional_bindings = { put: "/{f}" };
  }
  rpc Custom(M) returns (M) {
    option (google.api.http).custom.path = "/{g}";
    option (google.api.http).custom.kind = "two words";
  }
}
"#;
/// The field number of `google.api.http`.
const HTTP_OPTION: i32 = 72_295_728;

fn compiled(test: &str, files: &[(&str, &str)]) -> DescriptorPool {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("places-{test}"));
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name).collect();
    descriptors::from_protos(&names, &[folder]).unwrap()
}

fn faults(pool: &DescriptorPool) -> Vec<RuleError> {
    rule::compile(pool, &Schema::compile(pool)).unwrap_err()
}

/// Line and column, from 1, of where a text first stands in another.
fn place_of(part: &str, text: &str) -> (usize, usize) {
    let at = text.find(part).unwrap();
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    (text[..at].matches('\n').count() + 1, at - line_start + 1)
}

/// What is wrong, and the text that it is expected to stand at.
fn assert_places(faults: &[RuleError], expected: &[(&str, &str)], text: &str) {
    let shown: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), expected.len(), "{shown:#?}");
    for ((fault, shown), (message, part)) in faults.iter().zip(&shown).zip(expected) {
        let (line, column) = place_of(part, text);
        assert!(fault.message().contains(message), "{message} in {shown}");
        assert_eq!(fault.position(), Some((line, column)), "{shown}");
        let start = format!("test.proto:{line}:{column}: rule of {}\n", fault.method());
        assert!(shown.starts_with(&start), "{start} in {shown}");
    }
}

/// The faults of [`SOURCE`] and where they stand, in the order of the text.
fn expected() -> Vec<(&'static str, &'static str)> {
    vec![
        ("\"whole\"", "option (google.api.http) = {"),
        ("body \"b\"", "option (google.api.http) = {"),
        ("body \"c\"", "option (google.api.http).body"),
        ("body \"d\"", "option (google.api.http).response_body"),
        ("\"e\"", "option (google.api.http).post"),
        (
            "\"f\"",
            "option (google.api.http).additional_bindings = { put",
        ),
        ("\"g\"", "option (google.api.http).custom.path"),
        ("two words", "option (google.api.http).custom.kind"),
    ]
}

#[test]
fn a_fault_stands_at_the_statement_that_is_wrong() {
    let pool = compiled("proto", &[("test.proto", SOURCE)]);
    assert_places(&faults(&pool), &expected(), SOURCE);
}

#[test]
fn faults_come_sorted_by_file_and_place() {
    let other = SOURCE.replace("package p;", "package q;");
    // The compiler puts what is imported first.
    let first = SOURCE.replace("import \"g", "import \"z.proto\";\nimport \"g");
    let pool = compiled("sorted", &[("a.proto", &first), ("z.proto", &other)]);
    let faults = faults(&pool);
    assert_eq!(faults.len(), 2 * expected().len());
    let places: Vec<_> = faults.iter().map(|f| (f.file(), f.position())).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(
        (places[0].0, places[15].0),
        (Some("a.proto"), Some("z.proto"))
    );
}

/// The set of a pool's files with `change` made to each file of ours.
fn set_with(pool: &DescriptorPool, change: impl Fn(&mut DynamicMessage)) -> Vec<u8> {
    let kind = pool.get_message_by_name("google.protobuf.FileDescriptorSet");
    let mut set = DynamicMessage::decode(kind.unwrap(), pool.encode_to_vec().as_slice()).unwrap();
    let files = set.get_field_by_name_mut("file").unwrap().as_list_mut();
    for file in files.unwrap() {
        let Value::Message(file) = file else {
            panic!("a set is of files")
        };
        let name = file.get_field_by_name("name").unwrap();
        if name.as_str() == Some("test.proto") {
            change(file);
        }
    }
    set.encode_to_vec()
}

#[test]
fn a_descriptor_set_tells_the_places_that_its_source_info_has() {
    let pool = compiled("set", &[("test.proto", SOURCE)]);
    let set = descriptors::from_set(&set_with(&pool, |_| ())).unwrap();
    assert_places(&faults(&set), &expected(), SOURCE);

    // Files of editions are rewritten on the way, their places are not.
    let of_edition = set_with(&pool, |file| {
        file.set_field_by_name("syntax", Value::String("editions".to_owned()));
        file.set_field_by_name("edition", Value::EnumNumber(1000));
    });
    let set = descriptors::from_set(&of_edition).unwrap();
    assert_places(&faults(&set), &expected(), SOURCE);

    let bare = set_with(&pool, |file| file.clear_field_by_name("source_code_info"));
    let faults = faults(&descriptors::from_set(&bare).unwrap());
    assert_eq!(faults.len(), expected().len());
    for fault in faults {
        assert_eq!((fault.file(), fault.position()), (Some("test.proto"), None));
        let start = format!("test.proto: rule of {}\n", fault.method());
        assert!(fault.to_string().starts_with(&start), "{fault}");
    }
}

/// The locations of a file's source info.
fn locations(file: &mut DynamicMessage) -> &mut Vec<Value> {
    let info = file.get_field_by_name_mut("source_code_info").unwrap();
    let info = info.as_message_mut().unwrap();
    let locations = info.get_field_by_name_mut("location").unwrap();
    locations.as_list_mut().unwrap()
}

#[test]
fn a_place_inside_the_braces_is_taken_where_a_compiler_noted_it() {
    let pool = compiled("inside", &[("test.proto", SOURCE)]);
    let kind = pool.get_message_by_name("google.protobuf.SourceCodeInfo.Location");
    let location = |inside: &[i32], part: &str| {
        let mut location = DynamicMessage::new(kind.clone().unwrap());
        let numbers =
            |numbers: &[i32]| Value::List(numbers.iter().copied().map(Value::I32).collect());
        let of_whole = [6, 1, 2, 0, 4, HTTP_OPTION];
        location.set_field_by_name("path", numbers(&[&of_whole, inside].concat()));
        let (line, column) = place_of(part, SOURCE);
        let [line, column] = [line, column].map(|n| i32::try_from(n).unwrap() - 1);
        location.set_field_by_name("span", numbers(&[line, column, column + 1]));
        Value::Message(location)
    };
    let set = set_with(&pool, |file| {
        // In no order: neither is the first of them what counts.
        locations(file).insert(0, location(&[11, 0], "additional_bindings { post"));
        locations(file).insert(0, location(&[11, 0, 7], "body: \"b\""));
        locations(file).push(location(&[2], "get: \"/{whole}\""));
    });
    let mut expected = expected();
    expected[0].1 = "get: \"/{whole}\"";
    expected[1].1 = "body: \"b\"";
    let faults = faults(&descriptors::from_set(&set).unwrap());
    assert_places(&faults, &expected, SOURCE);
}

#[test]
fn without_a_place_of_its_own_a_fault_stands_at_its_method() {
    let pool = compiled("method", &[("test.proto", SOURCE)]);
    let set = set_with(&pool, |file| {
        locations(file).retain(|location| {
            let path = location.as_message().unwrap().get_field_by_name("path");
            !path
                .unwrap()
                .as_list()
                .unwrap()
                .contains(&Value::I32(HTTP_OPTION))
        });
    });
    let faults = faults(&descriptors::from_set(&set).unwrap());
    let methods = [("rpc Whole", 2), ("rpc Pieces", 4), ("rpc Custom", 2)];
    let wanted: Vec<_> = methods
        .into_iter()
        .flat_map(|(method, count)| vec![Some(place_of(method, SOURCE)); count])
        .collect();
    let places: Vec<_> = faults.iter().map(RuleError::position).collect();
    assert_eq!(places, wanted);
}
