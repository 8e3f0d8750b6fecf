//! Any schema, any legal wire: the transcoder agrees with `prost-reflect`, and
//! what it prints it reads back as the same message.
//!
//! Where the oracle is known to differ, and what is done about it here:
//! - It keeps a closed enum's unknown numbers as values; they are not generated.
//! - `serde_json::Value` widens floats; only quarters are generated.
//! - It accepts more JSON than there is (see `read_errors.rs`); what it is given
//!   here was printed by the transcoder.

use crate::arbitrary::{Entropy, schema, wire};
use crate::oracle::doubles;
use proptest::prelude::*;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use trestle::transcode::{ReadOptions, Schema, WriteOptions, json_to_wire, wire_to_json};

/// What the transcoder does to one case, beside what the oracle says.
fn compare(
    descriptor: &MessageDescriptor,
    schema: &Schema,
    wire: &[u8],
) -> Result<(), TestCaseError> {
    let id = schema
        .message(descriptor.full_name())
        .expect("it is in the pool");
    let message = DynamicMessage::decode(descriptor.clone(), wire).expect("the wire is legal");
    let printed = serde_json::to_string(&message).expect("it has a JSON form");
    let theirs = doubles(serde_json::from_str(&printed).expect("it was just printed"));
    let from_theirs = read_back(descriptor, schema, printed.as_bytes())?;
    prop_assert_eq!(&from_theirs, &theirs, "read from {}", printed);
    for options in [
        WriteOptions::default(),
        WriteOptions {
            pretty: true,
            proto_names: true,
            ..WriteOptions::default()
        },
        WriteOptions {
            always_print: true,
            enum_numbers: true,
            ..WriteOptions::default()
        },
    ] {
        let mut json = Vec::new();
        wire_to_json(schema, id, wire, &options, &mut json)
            .map_err(|error| TestCaseError::fail(format!("{error} in {wire:?}")))?;
        let text = String::from_utf8_lossy(&json);
        let again = read_back(descriptor, schema, &json)?;
        prop_assert_eq!(&again, &theirs, "read back from {}", text);
        if options == WriteOptions::default() {
            let ours: serde_json::Value = serde_json::from_slice(&json)
                .map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?;
            prop_assert_eq!(doubles(ours), theirs.clone(), "printed from {:?}", wire);
        }
    }
    Ok(())
}

/// What the oracle sees in the wire that the transcoder makes of JSON.
fn read_back(
    descriptor: &MessageDescriptor,
    schema: &Schema,
    json: &[u8],
) -> Result<serde_json::Value, TestCaseError> {
    let id = schema
        .message(descriptor.full_name())
        .expect("it is in the pool");
    let text = String::from_utf8_lossy(json);
    let mut wire = Vec::new();
    json_to_wire(schema, id, json, &ReadOptions::default(), &mut wire)
        .map_err(|error| TestCaseError::fail(format!("{error} in {text}")))?;
    let message = DynamicMessage::decode(descriptor.clone(), wire.as_slice())
        .map_err(|error| TestCaseError::fail(format!("{error}: {text} as {wire:?}")))?;
    Ok(doubles(
        serde_json::to_value(&message).expect("it has a JSON form"),
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_legal_wire_is_printed_as_the_oracle_prints_it_and_read_back(
        shape in prop::collection::vec(any::<u8>(), 0..120),
        content in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let pool = schema(&mut Entropy(shape.iter()));
        let schema = Schema::compile(&pool);
        let descriptor = pool.get_message_by_name("g.M0").expect("it is in every schema");
        let wire = wire(&mut Entropy(content.iter()), &descriptor, 4);
        compare(&descriptor, &schema, &wire)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        use crate::fixture::SCHEMA;
        for name in ["kinds.Lists", "kinds.Maps", "kinds.WellKnown", "kinds.Tree", "legacy.Base"] {
            let id = SCHEMA.message(name).expect("it is in the test protos");
            let mut out = Vec::new();
            if wire_to_json(&SCHEMA, id, &bytes, &WriteOptions::default(), &mut out).is_ok() {
                let parsed = serde_json::from_slice::<serde_json::Value>(&out);
                prop_assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(&out));
            }
            let _ = json_to_wire(&SCHEMA, id, &bytes, &ReadOptions::default(), &mut out);
        }
    }

    #[test]
    fn json_is_accepted_exactly_when_it_is_json(
        text in r#"[\[\]{}:,"\\ua1e0.+\-tfn ]{0,12}"#,
    ) {
        use crate::fixture::read;
        // `Value` takes any JSON, so this compares the grammar itself.
        let ours = read("google.protobuf.Value", &text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (&ours, &theirs) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            // serde_json does not refuse a key that comes twice.
            (Err(error), Ok(_)) => prop_assert_eq!(error.reason(), trestle::transcode::Reason::Duplicate),
            (Ok(_), Err(error)) => prop_assert!(false, "{:?} was accepted, {}", text, error),
        }
    }
}
