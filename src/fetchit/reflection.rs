//! The descriptors that fetchIt shows by server reflection: its own file with
//! what that imports, health, and reflection itself. Options such as
//! `google.api.http` survive, because the files are kept encoded.

use prost::Message;
use prost_reflect::{DescriptorPool, FileDescriptor, MethodDescriptor};
use std::{collections::BTreeMap, sync::LazyLock};

/// All that the build compiled, `google.rpc` included.
const EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/trestle.binpb"));

/// The encoded `FileDescriptorSet`s to register, in both reflection versions.
pub(super) fn descriptor_sets() -> [&'static [u8]; 4] {
    [
        &FETCH,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ]
}

/// Every method that is shown, as `package.Service/Method`.
pub(super) fn methods() -> Vec<String> {
    let mut methods = Vec::new();
    for set in descriptor_sets() {
        let pool = DescriptorPool::decode(set).expect("the embedded descriptor sets are valid");
        for service in pool.services() {
            let name =
                |method: MethodDescriptor| format!("{}/{}", service.full_name(), method.name());
            methods.extend(service.methods().map(name));
        }
    }
    methods
}

/// `FileDescriptorSet` on the wire, its files left as they are.
#[derive(Clone, PartialEq, Message)]
struct EncodedFiles {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file: Vec<Vec<u8>>,
}

static FETCH: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(EMBEDDED).expect("the build wrote a valid descriptor set");
    let fetch = pool
        .get_file_by_name("rpc/fetch.proto")
        .expect("the build compiled rpc/fetch.proto");
    let mut files = BTreeMap::new();
    collect(fetch, &mut files);
    let file = files.into_values().collect();
    EncodedFiles { file }.encode_to_vec()
});

/// A file and, through all levels, what it imports.
fn collect(file: FileDescriptor, files: &mut BTreeMap<String, Vec<u8>>) {
    if files.contains_key(file.name()) {
        return;
    }
    files.insert(file.name().to_owned(), file.encode_to_vec());
    for import in file.dependencies() {
        collect(import, files);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_all_services_are_known() {
        let methods = methods();
        for expected in [
            "rpc.Fetch/Capitalize",
            "grpc.health.v1.Health/Watch",
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert!(
                methods.iter().any(|method| method == expected),
                "{methods:?}"
            );
        }
    }

    #[test]
    fn fetch_is_shown_with_its_imports_and_its_http_rule() {
        let pool = DescriptorPool::decode(FETCH.as_slice()).unwrap();
        let mut names: Vec<_> = pool.files().map(|file| file.name().to_owned()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "google/api/annotations.proto",
                "google/api/http.proto",
                "google/protobuf/descriptor.proto",
                "rpc/fetch.proto",
            ]
        );

        let service = pool.get_service_by_name("rpc.Fetch").unwrap();
        let method = service.methods().next().unwrap();
        let http = pool.get_extension_by_name("google.api.http").unwrap();
        let rule = method.options().get_extension(&http).into_owned();
        let post = rule
            .as_message()
            .unwrap()
            .get_field_by_name("post")
            .unwrap();
        assert_eq!(post.as_str(), Some("/api/capitalize"));
    }
}
