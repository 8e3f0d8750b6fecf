//! A client made by openapi-generator for Rust. Bytes are byte vectors.

use std::collections::HashMap;
use store::apis::{Error, configuration::Configuration, fetch_api, store_api};
use store::models::{Color, Item, Payload, StorePutItemBody, Team};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut configuration = Configuration::new();
    configuration.base_path = std::env::var("URL").unwrap();
    let payload = Payload {
        id: Some(7),
        data: Some(b"hello".to_vec()),
    };
    let reply = fetch_api::fetch_capitalize(&configuration, payload).await.unwrap();
    assert_eq!((reply.id, reply.data.as_deref()), (Some(7), Some(&b"HELLO"[..])));
    println!("ok capitalize");

    let made = chrono::DateTime::parse_from_rfc3339("2024-02-29T12:00:00Z").unwrap();
    let stock = HashMap::from([("here".to_owned(), "9007199254740993".to_owned())]);
    let body = StorePutItemBody {
        serial: Some("9007199254740993".to_owned()),
        picture: Some(vec![0xff, 0xef]),
        color: Some(Color::DeepBlue),
        stock: Some(stock.clone()),
        made: Some(made),
        team: Some(Box::new(Team {
            name: Some("us".to_owned()),
            members: Some(4294967295),
        })),
        parts: Some(vec![Item {
            id: Some("part".to_owned()),
            ..Item::default()
        }]),
        ..StorePutItemBody::default()
    };
    // It writes a space in a path as `+`, as only queries have it.
    let item = store_api::store_put_item(&configuration, "a-b", body).await.unwrap();
    assert_eq!(item.id.as_deref(), Some("a-b"));
    assert_eq!(item.serial.unwrap().parse(), Ok(9007199254740993_i64));
    println!("ok int64");
    assert_eq!(item.picture, Some(vec![0xff, 0xef]));
    println!("ok bytes");
    assert_eq!(item.color, Some(Color::DeepBlue));
    println!("ok enum");
    assert_eq!(item.team.unwrap().members, Some(4294967295));
    assert_eq!(item.person, None);
    println!("ok oneof");
    assert_eq!(item.stock, Some(stock));
    println!("ok map");
    assert_eq!(item.made, Some(made));
    println!("ok timestamp");

    // Without the timestamp, which it would print with a space for the T.
    let asked = store_api::store_get_item(
        &configuration, "x", None, None, Some(Color::Red), None, None, Some("t"), None, Some(1.5),
    );
    let asked = asked.await.unwrap();
    assert_eq!((asked.color, asked.weight), (Some(Color::Red), Some(1.5)));
    assert_eq!(asked.team.unwrap().name.as_deref(), Some("t"));
    println!("ok query");

    let failed = store_api::store_fail(&configuration, "x", None, None, None, None, None, None, None, None);
    let Err(Error::ResponseError(failed)) = failed.await else {
        panic!("no error");
    };
    let Some(store_api::StoreFailError::Status4XX(status)) = failed.entity else {
        panic!("{failed:?}");
    };
    assert_eq!((failed.status.as_u16(), status.code, status.message.as_str()), (404, 5, "no such item"));
    let kind = status.details[0].at_type.as_deref().unwrap();
    assert!(kind.ends_with("google.rpc.ErrorInfo"), "{kind}");
    println!("ok error");
    // It knows no streams.
    println!("lacks stream");
}
