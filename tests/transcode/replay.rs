//! The fuzz targets' seeds, and inputs they have found, as an ordinary test.

#[path = "../fuzz/check.rs"]
mod check;

fn replay(folder: &str, check: fn(&[u8])) {
    let folder = [env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/seeds/", folder].concat();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the seeds are there") {
        let path = entry.expect("the folder can be read").path();
        check(&std::fs::read(&path).expect("a seed can be read"));
        count += 1;
    }
    assert!(count > 0, "{folder} has seeds");
}

#[test]
fn seeds_of_json() {
    replay("json", check::json);
}

#[test]
fn seeds_of_wire() {
    replay("wire", check::wire);
}
