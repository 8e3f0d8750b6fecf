//! The variables by which AWS's and Google's own tools are told where they are
//! and who they act for.

use super::variables::Variables;
use crate::telemetry::export::{aws, google};
use http::Uri;
use std::path::PathBuf;

/// X-Ray's endpoint in the region. None: what is missing has been said.
pub(super) fn xray(variables: &mut Variables<'_>) -> Option<aws::Settings> {
    let first = |names: [&str; 2]| names.into_iter().find_map(|name| variables.text(name));
    let region = first(["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let endpoint = ["AWS_ENDPOINT_URL_XRAY", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| Some((name, variables.text(name)?)));
    let Some(region) = region.filter(|region| is_region(region)) else {
        variables.errors.push(
            "OTEL_TRACES_EXPORTER: `xray` needs AWS_REGION, the region's name such as eu-west-1"
                .to_owned(),
        );
        return None;
    };
    let (name, base) = endpoint.unwrap_or_else(|| ("AWS_REGION", aws::endpoint("xray", &region)));
    let url = format!("{}/v1/traces", base.trim_end_matches('/'));
    match super::url(&url) {
        Ok(endpoint) => Some(aws::Settings {
            endpoint,
            credentials: aws_credentials(&region, variables)?,
            region,
        }),
        Err(error) => {
            variables.errors.push(format!("{name}: `{base}` {error}"));
            None
        }
    }
}

/// It becomes part of a host's name.
fn is_region(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The order of AWS's own tools: keys, a role for a token, a container's endpoint,
/// the machine's.
fn aws_credentials(region: &str, variables: &mut Variables<'_>) -> Option<aws::Source> {
    let id = variables.text("AWS_ACCESS_KEY_ID");
    let secret = variables.text("AWS_SECRET_ACCESS_KEY");
    match (id, secret) {
        (Some(id), Some(secret)) => {
            let token = variables.text("AWS_SESSION_TOKEN");
            return Some(aws::Source::Keys(aws::Credentials::new(id, secret, token)));
        }
        (None, None) => {}
        _ => {
            variables.errors.push(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: one is set without the other; set \
                 both or none"
                    .to_owned(),
            );
            return None;
        }
    }
    if let Some(token_file) = variables.text("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let identity = web_identity(token_file.into(), region, variables)?;
        return Some(aws::Source::WebIdentity(identity));
    }
    let relative = variables
        .text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        .map(|path| format!("http://169.254.170.2{path}"));
    let full = || variables.text("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if let Some(text) = relative.or_else(full) {
        let url = fetched(&text, "AWS_CONTAINER_CREDENTIALS_*", variables)?;
        return Some(aws::Source::Container {
            url,
            token: variables.text("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            token_file: variables
                .text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                .map(PathBuf::from),
        });
    }
    if variables.flag("AWS_EC2_METADATA_DISABLED") {
        variables.errors.push(
            "OTEL_TRACES_EXPORTER: `xray` finds no credentials: set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where they are temporary"
                .to_owned(),
        );
        return None;
    }
    let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    let machine = variables.text(name);
    let machine = machine.as_deref().unwrap_or("http://169.254.169.254");
    let base = fetched(machine.trim_end_matches('/'), name, variables)?;
    Some(aws::Source::Machine { base })
}

fn web_identity(
    token_file: PathBuf,
    region: &str,
    variables: &mut Variables<'_>,
) -> Option<aws::WebIdentity> {
    let Some(role) = variables.text("AWS_ROLE_ARN") else {
        variables.errors.push(
            "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN, the role to take".to_owned(),
        );
        return None;
    };
    let name = "AWS_ENDPOINT_URL_STS";
    let sts = variables.text(name);
    let sts = sts.unwrap_or_else(|| aws::endpoint("sts", region));
    Some(aws::WebIdentity {
        sts: fetched(&sts, name, variables)?,
        role,
        session: variables
            .text("AWS_ROLE_SESSION_NAME")
            .unwrap_or_else(|| "trestle".to_owned()),
        token_file,
    })
}

fn fetched(text: &str, name: &str, variables: &mut Variables<'_>) -> Option<Uri> {
    super::url(text)
        .map_err(|error| variables.errors.push(format!("{name}: `{text}` {error}")))
        .ok()
}

/// Where the daemon listens, `host:port`. The variable may name TCP too.
pub(super) fn xray_daemon(variables: &mut Variables<'_>) -> String {
    let name = "AWS_XRAY_DAEMON_ADDRESS";
    let usual = "127.0.0.1:2000";
    let Some(value) = variables.text(name) else {
        return usual.to_owned();
    };
    let udp = value.split_whitespace().find_map(|part| {
        let part = part.strip_prefix("udp:").unwrap_or(part);
        let has_port = part
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        (has_port && !part.starts_with("tcp:")).then(|| part.to_owned())
    });
    udp.unwrap_or_else(|| {
        variables.errors.push(format!(
            "{name}: `{value}` is no address; write it like `{usual}` or `tcp:{usual} udp:{usual}`"
        ));
        usual.to_owned()
    })
}

/// Application-default credentials: a file, gcloud's own file, or the machine's.
pub(super) fn google(variables: &mut Variables<'_>) -> Option<google::Settings> {
    let named = variables.text("GOOGLE_APPLICATION_CREDENTIALS");
    let credentials = match named.map(PathBuf::from).or_else(|| gcloud(variables)) {
        Some(path) => google::Source::File(path),
        None => {
            let name = "GCE_METADATA_HOST";
            let host = variables.text(name);
            let host = host.as_deref().unwrap_or("metadata.google.internal");
            google::Source::Machine {
                base: fetched(&format!("http://{host}"), name, variables)?,
            }
        }
    };
    Some(google::Settings {
        endpoint: google::ENDPOINT.clone(),
        credentials,
        project: variables.text("GOOGLE_CLOUD_PROJECT"),
        quota_project: variables.text("GOOGLE_CLOUD_QUOTA_PROJECT"),
    })
}

/// What `gcloud auth application-default login` left, if it did.
fn gcloud(variables: &Variables<'_>) -> Option<PathBuf> {
    let folder = variables.text("CLOUDSDK_CONFIG").map(PathBuf::from);
    let home = || Some(PathBuf::from(variables.text("HOME")?).join(".config/gcloud"));
    let path = folder
        .or_else(home)?
        .join("application_default_credentials.json");
    path.is_file().then_some(path)
}
