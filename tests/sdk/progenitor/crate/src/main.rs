//! A client made by progenitor. Bytes are base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::HashMap;

progenitor::generate_api!(spec = "openapi.json", interface = Builder);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let client = Client::new(&std::env::var("URL").unwrap());
    let payload = types::Payload {
        id: Some(7),
        data: Some(STANDARD.encode("hello")),
    };
    let reply = client.fetch_capitalize().body(payload).send().await.unwrap().into_inner();
    assert_eq!(reply.id, Some(7));
    assert_eq!(STANDARD.decode(reply.data.unwrap()).unwrap(), b"HELLO");
    println!("ok capitalize");

    let made: chrono::DateTime<chrono::Utc> = "2024-02-29T12:00:00Z".parse().unwrap();
    let stock = HashMap::from([("here".to_owned(), "9007199254740993".to_owned())]);
    let item = serde_json::json!({"id": "part"});
    let body = types::StorePutItemBody {
        serial: Some("9007199254740993".to_owned()),
        picture: Some(STANDARD.encode([0xff, 0xef])),
        color: Some(types::Color::DeepBlue),
        stock: stock.clone(),
        made: Some(made),
        person: None,
        team: Some(types::Team {
            name: Some("us".to_owned()),
            members: Some(4294967295),
        }),
        parts: vec![serde_json::from_value(item).unwrap()],
        weight: None,
    };
    let item = client.store_put_item().id("a b").body(body).send().await.unwrap().into_inner();
    assert_eq!(item.id.as_deref(), Some("a b"));
    assert_eq!(item.serial.unwrap().parse(), Ok(9007199254740993_i64));
    println!("ok int64");
    assert_eq!(STANDARD.decode(item.picture.unwrap()).unwrap(), [0xff, 0xef]);
    println!("ok bytes");
    assert_eq!(item.color, Some(types::Color::DeepBlue));
    println!("ok enum");
    assert_eq!(item.team.unwrap().members, Some(4294967295));
    assert_eq!(item.person, None);
    println!("ok oneof");
    assert_eq!(item.stock, stock);
    println!("ok map");
    assert_eq!(item.made, Some(made));
    println!("ok timestamp");

    let asked = client.store_get_item().id("x").color(types::Color::Red).team_name("t").weight(1.5).made(made);
    let asked = asked.send().await.unwrap().into_inner();
    assert_eq!((asked.color, asked.weight, asked.made), (Some(types::Color::Red), Some(1.5), Some(made)));
    assert_eq!(asked.team.unwrap().name.as_deref(), Some("t"));
    println!("ok query");

    let Err(Error::ErrorResponse(failed)) = client.store_fail().id("x").send().await else {
        panic!("no error");
    };
    assert_eq!(failed.status().as_u16(), 404);
    let status = failed.into_inner();
    assert_eq!((status.code, status.message.as_str()), (5, "no such item"));
    let kind = status.details[0].type_.as_deref().unwrap();
    assert!(kind.ends_with("google.rpc.ErrorInfo"), "{kind}");
    println!("ok error");

    // A stream is handed out as its bytes.
    let payload = types::Payload {
        id: None,
        data: Some(STANDARD.encode("a b")),
    };
    let words = client.fetch_capitalize_words().body(payload).send().await.unwrap();
    let pieces: Vec<_> = futures::StreamExt::collect(words.into_inner().into_inner()).await;
    let text: Vec<u8> = pieces.into_iter().flat_map(|piece: Result<bytes::Bytes, _>| piece.unwrap()).collect();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("QQ==") && text.contains("Qg=="), "{text}");
    println!("ok stream");
}
