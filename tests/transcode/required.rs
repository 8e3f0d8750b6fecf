//! Required fields, over wire bytes that may come in pieces.

use crate::fixture::*;
use trestle::transcode::{Reason, check_required};

fn check(name: &str, wire: &[u8]) -> Result<(), String> {
    check_required(&SCHEMA, message(name), wire).map_err(|error| {
        assert_eq!(error.reason(), Reason::Required, "{error}");
        error.path().to_owned()
    })
}

#[test]
fn required_fields_are_looked_for_at_any_depth() {
    for (json, missing) in [
        (r#"{}"#, Some("must")),
        (r#"{"must":0}"#, None),
        (r#"{"must":1,"next":{}}"#, Some("next.must")),
        (r#"{"must":1,"next":{"must":1}}"#, None),
        (r#"{"must":1,"list":[{"must":1},{}]}"#, Some("list[1].must")),
        (
            r#"{"must":1,"byName":{"a":{"must":1,"next":{}}}}"#,
            Some("byName[0].value.next.must"),
        ),
    ] {
        let wire = read("legacy.Needy", json).unwrap();
        assert_eq!(
            check("legacy.Needy", &wire).err().as_deref(),
            missing,
            "{json}"
        );
    }
    assert_eq!(
        check(
            "legacy.Base",
            &read("legacy.Base", r#"{"needy":{}}"#).unwrap()
        ),
        Err("needy.must".into())
    );
}

#[test]
fn pieces_of_a_message_are_checked_together() {
    let wire = [
        varint(1, 1),
        delimited(2, varint(5, 1)),
        delimited(2, varint(1, 1)),
    ]
    .concat();
    assert_eq!(check("legacy.Needy", &wire), Ok(()));
    let apart = [
        varint(1, 1),
        delimited(3, varint(5, 1)),
        delimited(3, varint(1, 1)),
    ]
    .concat();
    assert_eq!(check("legacy.Needy", &apart), Err("list[0].must".into()));
}

#[test]
fn where_nothing_is_required_nothing_is_read() {
    assert_eq!(check("kinds.Tree", b"\xff\xff not a message"), Ok(()));
    assert!(check_required(&SCHEMA, message("legacy.Needy"), b"\xff").is_err());
}
