//! Where descriptors come from: every loader gives a whole pool or says what to do.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use prost_reflect::{
    DescriptorPool,
    prost::Message as _,
    prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use trestle::descriptors::{self, Error, MAX_BYTES};

/// A directory of one test's own, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Scratch {
        let name = format!("descriptors-{}-{test}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn proto(body: &str) -> String {
    format!("syntax = \"proto3\";\npackage t;\n{body}")
}

fn file(name: &str, imports: &[&str]) -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some(name.to_owned()),
        syntax: Some("proto3".to_owned()),
        dependency: imports.iter().map(|&import| import.to_owned()).collect(),
        ..Default::default()
    }
}

fn set(files: impl IntoIterator<Item = FileDescriptorProto>) -> Vec<u8> {
    FileDescriptorSet {
        file: files.into_iter().collect(),
    }
    .encode_to_vec()
}

fn has_rule(pool: &DescriptorPool, method: &str) -> bool {
    let http = pool.get_extension_by_name("google.api.http").unwrap();
    let (service, method) = method.rsplit_once('.').unwrap();
    let service = pool.get_service_by_name(service).unwrap();
    service
        .methods()
        .any(|m| m.name() == method && m.options().has_extension(&http))
}

#[test]
fn the_embedded_set_keeps_rules_and_comments() {
    let pool = descriptors::embedded();
    assert!(has_rule(&pool, "rpc.Fetch.Capitalize"));
    let file = pool.get_file_by_name("rpc/fetch.proto").unwrap();
    let info = file
        .file_descriptor_proto()
        .source_code_info
        .as_ref()
        .unwrap();
    let comment = info
        .location
        .iter()
        .find(|location| location.path == [6, 0])
        .unwrap();
    assert_eq!(
        comment.leading_comments().trim(),
        "Fetches capital letters for whoever asks."
    );
}

#[test]
fn a_set_read_back_from_a_file_is_the_same_set() {
    let scratch = Scratch::new("read-back");
    let path = scratch.write("fetch.binpb", descriptors::embedded().encode_to_vec());
    let pool = descriptors::from_file(path).unwrap();
    assert!(has_rule(&pool, "rpc.Fetch.Capitalize"));
    assert_eq!(
        pool.encode_to_vec(),
        descriptors::embedded().encode_to_vec()
    );
}

#[test]
fn sets_joined_end_to_end_are_one_set() {
    let one = descriptors::embedded().encode_to_vec();
    let pool = descriptors::from_set(&[one.clone(), one].concat()).unwrap();
    assert!(has_rule(&pool, "rpc.Fetch.Capitalize"));
}

#[test]
fn imports_of_google_are_supplied_and_others_asked_for() {
    let supplied = [
        "google/api/annotations.proto",
        "google/rpc/status.proto",
        "google/protobuf/struct.proto",
    ];
    let pool = descriptors::from_set(&set([file("a.proto", &supplied)])).unwrap();
    assert!(pool.get_message_by_name("google.protobuf.Struct").is_some());
    assert!(pool.get_extension_by_name("google.api.http").is_some());

    let error =
        descriptors::from_set(&set([file("a.proto", &["b.proto", "c.proto"])])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the descriptor set lacks b.proto (imported by a.proto), c.proto (imported by a.proto); \
         build it with `--include_imports`"
    );
}

#[test]
fn every_pool_knows_the_standard_error_details() {
    let pool = descriptors::from_set(&set([file("a.proto", &[])])).unwrap();
    for name in [
        "Status",
        "BadRequest",
        "RetryInfo",
        "DebugInfo",
        "ErrorInfo",
        "QuotaFailure",
        "Help",
    ] {
        assert!(
            pool.get_message_by_name(&format!("google.rpc.{name}"))
                .is_some(),
            "{name}"
        );
    }
}

#[test]
fn a_set_with_its_own_error_details_elsewhere_keeps_them() {
    let mut own = file("vendored/status.proto", &[]);
    own.package = Some("google.rpc".to_owned());
    own.message_type = vec![DescriptorProto {
        name: Some("Status".to_owned()),
        ..Default::default()
    }];
    let pool = descriptors::from_set(&set([own])).unwrap();
    let status = pool.get_message_by_name("google.rpc.Status").unwrap();
    assert_eq!(status.parent_file().name(), "vendored/status.proto");
    assert!(pool.get_message_by_name("google.rpc.BadRequest").is_some());
}

#[test]
fn what_is_no_set_is_refused_with_a_remedy() {
    for bytes in [
        &b""[..],
        b"syntax = \"proto3\";",
        b"{\"file\":[]}",
        b"\x0a\x00",
        b"\x0a\xff\xff\xff\xff\x0f",
    ] {
        let error = descriptors::from_set(bytes).unwrap_err();
        assert!(matches!(error, Error::NotASet { .. }), "{error}");
        assert!(
            error.to_string().contains("--descriptor_set_out=FILE"),
            "{error}"
        );
    }
}

#[test]
fn unknown_syntaxes_are_refused_by_name() {
    let mut file = file("new.proto", &[]);
    file.syntax = Some("proto4".to_owned());
    let error = descriptors::from_set(&set([file])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("new.proto uses syntax \"proto4\"; proto2, proto3 and editions are"),
        "{error}"
    );
}

#[test]
fn import_circles_are_refused_without_walking_them_for_ever() {
    let mut files = [
        file("start.proto", &["a.proto"]),
        file("a.proto", &["b.proto"]),
        file("b.proto", &["a.proto"]),
    ];
    files[1].public_dependency = vec![0];
    files[2].public_dependency = vec![0];
    let error = descriptors::from_set(&set(files)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a.proto imports itself, by way of b.proto"),
        "{error}"
    );
    let error = descriptors::from_set(&set([file("me.proto", &["me.proto"])])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("me.proto imports itself, by way of me.proto"),
        "{error}"
    );
}

#[test]
fn two_files_of_one_name_are_refused() {
    let error = descriptors::from_set(&set([
        file("a.proto", &[]),
        file("a.proto", &["google/protobuf/any.proto"]),
    ]));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("two different files are named a.proto"),
        "{error}"
    );
}

#[test]
fn a_set_that_is_too_large_is_refused_before_it_is_decoded() {
    let error = descriptors::from_set(&vec![0; MAX_BYTES + 1]).unwrap_err();
    assert!(error.to_string().contains("larger than 64 MiB"), "{error}");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let error = descriptors::from_file("no/such.binpb").unwrap_err();
    assert!(
        error.to_string().starts_with("cannot read no/such.binpb: "),
        "{error}"
    );
}

#[test]
fn sources_compile_with_google_api_built_in() {
    let scratch = Scratch::new("sources");
    scratch.write(
        "dep/types.proto",
        proto("// A thing.\nmessage Thing { string name = 1; }"),
    );
    scratch.write(
        "svc.proto",
        proto(
            r#"import "dep/types.proto"; import "google/api/annotations.proto"; import "google/rpc/status.proto";
            service S { rpc Get(Thing) returns (google.rpc.Status) { option (google.api.http) = { get: "/{name}" }; } }"#,
        ),
    );
    let pool = descriptors::from_protos(&["svc.proto"], &[&scratch.0]).unwrap();
    assert!(has_rule(&pool, "t.S.Get"));
    let file = pool.get_file_by_name("dep/types.proto").unwrap();
    let info = file
        .file_descriptor_proto()
        .source_code_info
        .as_ref()
        .unwrap();
    assert!(
        info.location
            .iter()
            .any(|location| location.leading_comments().contains("A thing."))
    );

    // The path as a shell would complete it, with and without an import directory.
    let path = scratch.0.join("svc.proto");
    assert!(descriptors::from_protos(&[&path], &[&scratch.0]).is_ok());
    assert!(descriptors::from_protos(&[&path], &[] as &[&Path]).is_ok());
}

#[test]
fn import_directories_come_before_what_is_built_in() {
    let scratch = Scratch::new("own-google");
    let own = "syntax = \"proto3\"; package google.rpc; message Status { string mine = 1; }";
    scratch.write("google/rpc/status.proto", own);
    scratch.write(
        "a.proto",
        proto("import \"google/rpc/status.proto\"; message A { google.rpc.Status s = 1; }"),
    );
    let pool = descriptors::from_protos(&["a.proto"], &[&scratch.0]).unwrap();
    assert!(
        pool.get_message_by_name("google.rpc.Status")
            .unwrap()
            .get_field_by_name("mine")
            .is_some()
    );
    assert!(pool.get_message_by_name("google.rpc.BadRequest").is_some());
}

#[test]
fn every_source_at_fault_is_reported_with_its_place() {
    let scratch = Scratch::new("faults");
    scratch.write("one.proto", proto("message M {\n  Bar bar = 1;\n}"));
    scratch.write("two.proto", proto("massage M {}"));
    scratch.write("three.proto", proto("import \"gone.proto\";"));
    scratch.write("four.proto", proto("import \"../four.proto\";"));
    scratch.write("fine.proto", proto("message Fine {}"));
    let files = [
        "one.proto",
        "two.proto",
        "three.proto",
        "four.proto",
        "fine.proto",
        "five.proto",
    ];
    let Error::Compile { errors } = descriptors::from_protos(&files, &[&scratch.0]).unwrap_err()
    else {
        panic!("another error");
    };
    let expected = [
        "one.proto:4:3: name 'Bar' is not defined",
        "two.proto:3:1: expected ",
        "three.proto:3:1: import 'gone.proto' not found; add the directory",
        "four.proto:3:8: ",
        "five.proto: no such file; ",
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(
            error.starts_with(expected),
            "{error}\nshould begin\n{expected}"
        );
    }
}

#[test]
fn what_cannot_be_a_source_is_refused() {
    let scratch = Scratch::new("refused");
    assert!(matches!(
        descriptors::from_protos(&[] as &[&str], &[&scratch.0]),
        Err(Error::NoFiles)
    ));
    let error = descriptors::from_protos(&["a.proto"], &[scratch.0.join("gone")]).unwrap_err();
    assert!(error.to_string().contains("gone: No such file"), "{error}");
    fs::create_dir(scratch.0.join("dir.proto")).unwrap();
    let error = descriptors::from_protos(&["dir.proto"], &[&scratch.0]).unwrap_err();
    assert!(
        error.to_string().contains("dir.proto: not a file"),
        "{error}"
    );
    let large = fs::File::create(scratch.0.join("large.proto")).unwrap();
    large.set_len(MAX_BYTES as u64 + 1).unwrap();
    let error = descriptors::from_protos(&["large.proto"], &[&scratch.0]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("large.proto is larger than 64 MiB"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_set_is_an_error_and_never_a_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = descriptors::embedded().encode_to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(pool) = descriptors::from_set(&bytes) {
            let schema = trestle::transcode::Schema::compile(&pool);
            let _ = trestle::rule::compile(&pool, &schema);
        }
    }
}
