//! The interactive client as it is run, with its lines from a pipe: by gRPC, by
//! REST, and with nobody there.
#![allow(clippy::unwrap_used)]

mod program;

use program::Demo;

fn client(arguments: &[&str], lines: &str) -> (Option<i32>, String, String) {
    program::client(arguments, lines, &[])
}

fn trace_ids(told: &str) -> Vec<&str> {
    let ids = told
        .lines()
        .filter_map(|line| line.strip_prefix("  trace "));
    ids.collect()
}

#[test]
fn lines_come_back_in_capitals_each_with_its_trace() {
    let demo = Demo::start(&[], &[]);
    let (code, out, told) = client(&[demo.url("backend")], "hello\ngr\u{fc}n\n\nno end");
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(out, "< HELLO\n< GR\u{dc}N\n< \n< NO END\n");
    let mut ids = trace_ids(&told);
    assert!(ids.iter().all(|id| id.len() == 32), "{told}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{told}");
}

#[test]
fn by_rest_both_sides_are_shown() {
    let demo = Demo::start(&[], &[]);
    let (code, out, told) = client(&["--rest", demo.url("gateway")], "hello\n\n");
    assert_eq!((code, out.as_str()), (Some(0), "< HELLO\n< \n"), "{told}");
    let sent = "  POST /api/capitalize {\"data\":\"aGVsbG8=\"}\n";
    assert!(told.contains(sent), "{told}");
    assert!(
        told.contains("  200 OK {\"data\":\"SEVMTE8=\"}\n"),
        "{told}"
    );
    assert_eq!(trace_ids(&told).len(), 2, "{told}");
}

#[test]
fn a_backend_that_is_away_is_told_and_the_next_line_is_tried() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    for arguments in [&[url.as_str()][..], &["--rest", &url]] {
        let (code, out, told) = client(arguments, "one\ntwo\n");
        assert_eq!((code, out.as_str()), (Some(1), ""), "{told}");
        let errors = told.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 3, "{told}");
        assert!(told.contains("Connection refused"), "{told}");
        assert!(told.ends_with("error: 2 of the calls failed\n"), "{told}");
    }
}

#[test]
fn an_error_of_the_gateway_is_shown_as_it_came() {
    let demo = Demo::start(&[], &[]);
    // The admin port speaks HTTP and knows no such path.
    let (code, out, told) = client(&["--rest", demo.url("admin")], "one\n");
    assert_eq!((code, out.as_str()), (Some(1), ""), "{told}");
    assert!(told.contains("  404 Not Found {"), "{told}");
    assert!(
        told.contains("error: the gateway says 404 Not Found\n"),
        "{told}"
    );
}

#[test]
fn urls_that_cannot_be_used_are_a_usage_error() {
    for arguments in [
        &["https://a"][..],
        &["--rest", "https://a"],
        &["--rest", "a b"],
    ] {
        let (code, out, told) = client(arguments, "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{told}");
        assert!(told.starts_with("error: "), "{told}");
    }
}
