//! Answers the official protobuf conformance runner through the transcoder: JSON
//! to protobuf, protobuf to JSON, JSON to JSON. It speaks the runner's protocol on
//! its standard streams (a length of four bytes, a message) and finds the test
//! messages in the descriptor set that `TESTEE_DESCRIPTORS` names. `run.sh`
//! fetches the runner and starts it.

use prost::Message;
use std::io::{self, Read, Write};
use trestle::transcode::{
    ReadOptions, Schema, WriteOptions, check_required, json_to_wire, wire_to_json,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let set = std::fs::read(std::env::var("TESTEE_DESCRIPTORS")?)?;
    let pool = trestle::descriptors::from_set(&set)?;
    let schema = Schema::compile(&pool);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    loop {
        let mut length = [0; 4];
        if input.read_exact(&mut length).is_err() {
            return Ok(());
        }
        let mut request = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut request)?;
        let response = Response {
            result: Some(answer(&schema, Request::decode(request.as_slice())?)),
        };
        let response = response.encode_to_vec();
        output.write_all(&u32::try_from(response.len())?.to_le_bytes())?;
        output.write_all(&response)?;
        output.flush()?;
    }
}

fn answer(schema: &Schema, request: Request) -> Outcome {
    if request.message_type == "conformance.FailureSet" {
        return Outcome::Protobuf(Vec::new());
    }
    let Some(id) = schema.message(&request.message_type) else {
        return Outcome::Runtime(format!(
            "{} is not in the descriptor set",
            request.message_type
        ));
    };
    let to_json = request.requested_output_format == FORMAT_JSON;
    let wire = match request.payload {
        Some(Payload::Json(json)) => {
            let options = ReadOptions {
                ignore_unknown: request.test_category == CATEGORY_IGNORE_UNKNOWN,
                ..ReadOptions::default()
            };
            let mut wire = Vec::new();
            let read = json_to_wire(schema, id, json.as_bytes(), &options, &mut wire);
            match read.and_then(|()| check_required(schema, id, &wire)) {
                Ok(()) => wire,
                Err(error) => return Outcome::Parse(error.to_string()),
            }
        }
        Some(Payload::Protobuf(wire)) if to_json => wire,
        _ => return Outcome::Skipped("only what goes from or to JSON is transcoded".to_owned()),
    };
    match request.requested_output_format {
        FORMAT_PROTOBUF => Outcome::Protobuf(wire),
        FORMAT_JSON => {
            let mut json = Vec::new();
            match wire_to_json(schema, id, &wire, &WriteOptions::default(), &mut json) {
                Ok(()) => Outcome::Json(String::from_utf8_lossy(&json).into_owned()),
                Err(error) => Outcome::Serialize(error.to_string()),
            }
        }
        _ => Outcome::Skipped("text format is not spoken".to_owned()),
    }
}

// The parts of conformance.proto that are used.

const FORMAT_PROTOBUF: i32 = 1;
const FORMAT_JSON: i32 = 2;
const CATEGORY_IGNORE_UNKNOWN: i32 = 3;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(oneof = "Payload", tags = "1, 2")]
    payload: Option<Payload>,
    #[prost(int32, tag = "3")]
    requested_output_format: i32,
    #[prost(string, tag = "4")]
    message_type: String,
    #[prost(int32, tag = "5")]
    test_category: i32,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Payload {
    #[prost(bytes, tag = "1")]
    Protobuf(Vec<u8>),
    #[prost(string, tag = "2")]
    Json(String),
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(oneof = "Outcome", tags = "1, 2, 3, 4, 5, 6")]
    result: Option<Outcome>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Outcome {
    #[prost(string, tag = "1")]
    Parse(String),
    #[prost(string, tag = "2")]
    Runtime(String),
    #[prost(bytes, tag = "3")]
    Protobuf(Vec<u8>),
    #[prost(string, tag = "4")]
    Json(String),
    #[prost(string, tag = "5")]
    Skipped(String),
    #[prost(string, tag = "6")]
    Serialize(String),
}
