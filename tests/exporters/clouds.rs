//! X-Ray's and Google's endpoints, played by receivers on this host: who is asked
//! for keys and tokens, how often, and what requests carry then.

use super::receiver::{Receiver, plain};
use super::tls::file;
use super::{SOON, send, settings, span, start};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use trestle::telemetry::export::{Chosen, Settings, google};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "session"),
];

/// X-Ray at `receiver`, with these variables for the keys.
fn xray(receiver: &Receiver, keys: &[(&str, &str)]) -> Settings {
    let url = receiver.url();
    let mut variables = vec![
        ("OTEL_TRACES_EXPORTER", "xray"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_XRAY", url.as_str()),
    ];
    variables.extend(keys);
    settings(&variables)
}

#[test]
fn xray_gets_signed_otlp() {
    let receiver = Receiver::http([]);
    let counters = send(&xray(&receiver, &KEYS), [7]);
    let got = receiver.next();
    assert_eq!(
        (got.method.as_str(), got.uri.path()),
        ("POST", "/v1/traces")
    );
    assert_eq!(got.header("host"), receiver.addr.to_string());
    assert_eq!(got.header("x-amz-security-token"), "session");
    let authorization = got.header("authorization");
    let day = &got.header("x-amz-date")[..8];
    let scope = format!("Credential=AKIDEXAMPLE/{day}/eu-west-1/xray/aws4_request, ");
    assert!(
        authorization.starts_with(&format!("AWS4-HMAC-SHA256 {scope}")),
        "{authorization}"
    );
    let signed =
        "SignedHeaders=content-encoding;content-type;host;x-amz-date;x-amz-security-token,";
    assert!(authorization.contains(signed), "{authorization}");
    let request = ExportTraceServiceRequest::decode(&*got.unpacked()).unwrap();
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 1);
    assert_eq!(counters.total().exported, 1);
}

fn aws_answer() -> String {
    json!({
        "AccessKeyId": "ASIA",
        "SecretAccessKey": "s",
        "Token": "t",
        "Expiration": "2036-01-01T00:00:00Z",
    })
    .to_string()
}

#[test]
fn a_container_is_asked_for_keys_once() {
    let agent = Receiver::http([plain(200, aws_answer())]);
    let receiver = Receiver::http([]);
    let url = format!("{}/creds?id=1", agent.url());
    let keys = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic x"),
    ];
    two_batches(&xray(&receiver, &keys), &receiver);
    let asked = agent.next();
    assert_eq!(asked.uri, "/creds?id=1");
    assert_eq!(
        (asked.method.as_str(), asked.header("authorization")),
        ("GET", "Basic x")
    );
    assert!(agent.rest().is_empty());
}

/// Sends two batches, the second after the first has come.
fn two_batches(settings: &Settings, receiver: &Receiver) {
    let mut settings = settings.clone();
    settings.batching.max_batch = 1;
    let pipeline = start(&settings);
    pipeline.sender().send(span(1));
    let first = receiver.next();
    pipeline.sender().send(span(2));
    let second = receiver.next();
    for got in [first, second] {
        assert!(!got.header("authorization").is_empty());
    }
    let counters = pipeline.counters();
    pipeline.shutdown(SOON);
    assert_eq!(counters.total().exported, 2);
}

#[test]
fn a_machine_is_asked_for_keys_by_its_second_protocol() {
    let answers = [
        plain(200, "token\n"),
        plain(200, "the-role\n"),
        plain(200, aws_answer()),
    ];
    let machine = Receiver::http(answers);
    let receiver = Receiver::http([]);
    let keys = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*machine.url())];
    send(&xray(&receiver, &keys), [7]);
    let got = receiver.next();
    assert!(got.header("authorization").contains("Credential=ASIA/"));
    assert_eq!(got.header("x-amz-security-token"), "t");
    let [token, role, credentials] = &machine.rest()[..] else {
        panic!("asked three times");
    };
    assert_eq!(
        (token.method.as_str(), token.uri.path()),
        ("PUT", "/latest/api/token")
    );
    assert_eq!(
        role.uri.path(),
        "/latest/meta-data/iam/security-credentials/"
    );
    assert_eq!(
        credentials.uri.path(),
        "/latest/meta-data/iam/security-credentials/the-role"
    );
    for asked in [role, credentials] {
        assert_eq!(asked.header("x-aws-ec2-metadata-token"), "token");
    }
}

#[test]
fn a_role_is_bought_with_a_token_from_a_file() {
    let xml = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey>
        <SessionToken>t/+=</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration>
        </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let sts = Receiver::http([plain(403, "<Error/>"), plain(200, xml)]);
    let receiver = Receiver::http([]);
    let token = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("web-identity-token");
    fs::write(&token, "a.b-c_d\n").unwrap();
    let (token, url) = (token.display().to_string(), sts.url());
    let settings = xray(
        &receiver,
        &[
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &token),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/spans"),
            ("AWS_ENDPOINT_URL_STS", &url),
        ],
    );
    assert_eq!(
        send(&settings, [7]).total().exported,
        1,
        "a refusal is no end"
    );
    let got = receiver.next();
    assert!(got.header("authorization").contains("Credential=ASIA/"));
    assert_eq!(got.header("x-amz-security-token"), "t/+=");
    let asked = sts.next();
    let expected = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::1:role/spans"),
        ("RoleSessionName", "trestle"),
        ("WebIdentityToken", "a.b-c_d"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form(&asked.body), expected);
}

#[test]
fn keys_that_are_not_to_be_had_cost_the_spans_and_are_asked_for_again() {
    let agent = Receiver::http([plain(500, "no"), plain(200, "{}"), plain(200, aws_answer())]);
    let receiver = Receiver::http([]);
    let url = agent.url();
    let settings = xray(&receiver, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)]);
    let counters = send(&settings, [7]);
    assert_eq!(counters.total().exported, 1);
    assert_eq!(agent.rest().len(), 3);
}

/// Google at `receiver`, with credentials as in a file.
fn google(receiver: &Receiver, name: &str, credentials: &Value) -> Settings {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("google-{name}.json"));
    fs::write(&path, credentials.to_string()).unwrap();
    let path = path.display().to_string();
    let list = ("OTEL_TRACES_EXPORTER", "google");
    let settings = settings(&[list, ("GOOGLE_APPLICATION_CREDENTIALS", &path)]);
    elsewhere(settings, receiver)
}

/// The API is always at one place; the tests' is another.
fn elsewhere(mut settings: Settings, receiver: &Receiver) -> Settings {
    let [Chosen::Google(google)] = &mut settings.destinations[..] else {
        panic!("{settings:?}");
    };
    google.endpoint = format!("{}/v1/traces", receiver.url()).parse().unwrap();
    settings
}

fn service_account(tokens: &Receiver) -> Value {
    json!({
        "type": "service_account",
        "project_id": "a-project",
        "private_key_id": "key-1",
        "private_key": fs::read_to_string(file("service-account.key")).unwrap(),
        "client_email": "spans@a-project.iam.gserviceaccount.com",
        "token_uri": format!("{}/token", tokens.url()),
    })
}

fn token(text: &str, seconds: u64) -> super::receiver::Answer {
    let body = json!({ "access_token": text, "expires_in": seconds, "token_type": "Bearer" });
    plain(200, body.to_string())
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = percent_encoding::percent_decode_str(text);
        text.decode_utf8().unwrap().into_owned()
    };
    let fields = std::str::from_utf8(body).unwrap().split('&');
    fields
        .map(|field| field.split_once('=').unwrap())
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn field(body: &[u8], name: &str) -> String {
    let found = form(body).into_iter().find(|(known, _)| known == name);
    found.unwrap().1
}

#[test]
fn a_service_account_buys_one_token_with_a_signed_claim() {
    let tokens = Receiver::http([token("first", 3600)]);
    let receiver = Receiver::http([]);
    let settings = google(&receiver, "service", &service_account(&tokens));
    two_batches(&settings, &receiver);
    let bought = tokens.next();
    assert!(tokens.rest().is_empty(), "the token is kept");
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(field(&bought.body, "grant_type"), grant);
    let assertion = field(&bought.body, "assertion");
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let key = fs::read(file("service-account.der")).unwrap();
    let scheme = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
    ring::signature::UnparsedPublicKey::new(scheme, key)
        .verify(
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(
        parts[0],
        json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" })
    );
    let claim = &parts[1];
    assert_eq!(claim["iss"], "spans@a-project.iam.gserviceaccount.com");
    assert_eq!(claim["aud"], format!("{}/token", tokens.url()));
    assert_eq!(
        claim["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
    let lifetime = claim["exp"].as_u64().unwrap() - claim["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 3600);
}

#[test]
fn google_gets_otlp_for_the_project_of_the_credentials() {
    let tokens = Receiver::http([token("first", 3600)]);
    let receiver = Receiver::http([]);
    let mut credentials = service_account(&tokens);
    credentials["quota_project_id"] = json!("payer");
    send(&google(&receiver, "project", &credentials), [7]);
    let got = receiver.next();
    assert_eq!(got.header("authorization"), "Bearer first");
    assert_eq!(got.header("x-goog-user-project"), "payer");
    let request = ExportTraceServiceRequest::decode(&*got.unpacked()).unwrap();
    let resource = request.resource_spans[0].resource.clone().unwrap();
    let project = resource
        .attributes
        .iter()
        .find(|pair| pair.key == "gcp.project_id");
    assert!(format!("{project:?}").contains("a-project"), "{project:?}");
}

#[test]
fn a_person_refreshes_and_a_token_near_its_end_is_bought_anew() {
    let tokens = Receiver::http([token("first", 30), token("second", 30)]);
    let receiver = Receiver::http([]);
    let credentials = json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret&",
        "refresh_token": "refresh",
        "quota_project_id": "mine",
        "token_uri": format!("{}/token", tokens.url()),
    });
    two_batches(&google(&receiver, "person", &credentials), &receiver);
    let bought = tokens.rest();
    assert_eq!(bought.len(), 2);
    for bought in bought {
        let expected = [
            ("grant_type", "refresh_token"),
            ("client_id", "id"),
            ("client_secret", "secret&"),
            ("refresh_token", "refresh"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(form(&bought.body), expected);
    }
}

#[test]
fn a_machine_of_googles_is_asked_for_its_token() {
    let machine = Receiver::http([token("machine", 3600)]);
    let receiver = Receiver::http([]);
    let host = machine.addr.to_string();
    let settings = settings(&[
        ("OTEL_TRACES_EXPORTER", "google"),
        ("GCE_METADATA_HOST", &host),
        ("GOOGLE_CLOUD_PROJECT", "a-project"),
    ]);
    send(&elsewhere(settings, &receiver), [7]);
    assert_eq!(receiver.next().header("authorization"), "Bearer machine");
    let asked = machine.next();
    assert_eq!(asked.header("metadata-flavor"), "Google");
    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    assert_eq!(asked.uri.path(), path);
}

#[test]
fn a_token_that_is_refused_is_not_shown_again() {
    let tokens = Receiver::http([token("stale", 3600), token("fresh", 3600)]);
    let receiver = Receiver::http([plain(401, "")]);
    let mut settings = google(&receiver, "refused", &service_account(&tokens));
    settings.batching.max_batch = 1;
    let pipeline = start(&settings);
    let counters = pipeline.counters();
    (1..=2).for_each(|number| pipeline.sender().send(span(number)));
    pipeline.shutdown(SOON);
    let shown: Vec<_> = receiver.rest();
    let shown: Vec<_> = shown
        .iter()
        .map(|got| got.header("authorization"))
        .collect();
    assert_eq!(shown, ["Bearer stale", "Bearer fresh"]);
    let total = counters.total();
    assert_eq!((total.exported, total.failed), (1, 1));
}

#[test]
fn credentials_that_are_none_are_named_at_start_up() {
    let receiver = Receiver::http([]);
    let account = service_account(&receiver);
    let without = |field: &str| {
        let mut account = account.clone();
        account.as_object_mut().unwrap().remove(field);
        account
    };
    let mut elliptic = account.clone();
    elliptic["private_key"] = json!(fs::read_to_string(file("sender.key")).unwrap());
    for (number, credentials, says) in [
        (0, json!({}), "`type`"),
        (1, json!({ "type": "external_account" }), "external_account"),
        (2, without("private_key"), "`private_key`"),
        (3, without("client_email"), "`client_email`"),
        (4, without("project_id"), "GOOGLE_CLOUD_PROJECT"),
        (5, elliptic, "`private_key`"),
    ] {
        let settings = google(&receiver, &format!("wrong-{number}"), &credentials);
        let error = settings
            .start::<opentelemetry_sdk::trace::SpanData>()
            .unwrap_err();
        assert!(
            error.to_string().contains(says.trim_matches('`')),
            "{error}"
        );
        assert!(!error.to_string().contains("PRIVATE KEY"), "{error}");
    }
    let missing = google::Source::File("/missing.json".into());
    let mut settings = google(&receiver, "missing", &account);
    let [Chosen::Google(google)] = &mut settings.destinations[..] else {
        panic!("{settings:?}");
    };
    google.credentials = missing;
    let error = settings
        .start::<opentelemetry_sdk::trace::SpanData>()
        .unwrap_err();
    assert!(error.to_string().starts_with("/missing.json: "), "{error}");
}
