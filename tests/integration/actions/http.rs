//! `http` against a server of this machine.

use std::time::Duration;

use runbook::actions::{ActionError, AfterCrash, Reversible, Verdict};
use runbook::base::secret::sealed;
use runbook::events::record::Failure;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::server::Server;
use super::world::{World, action};

fn say(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn site(path: &str) -> String {
    match path.strip_suffix("?t=hunter2").unwrap_or(path) {
        "/" => say("200 OK", "strict-transport-security: max-age=63072000\r\n", "<p>7 users\n</p>"),
        "/down" => say("503 Service Unavailable", "", "We are migrating, back soon. hunter2"),
        "/old" => say("301 Moved Permanently", "location: /\r\n", ""),
        "/round" => say("302 Found", "location: round\r\n", ""),
        "/away" => say("302 Found", "location: http://localhost:1/\r\n", ""),
        "/chunked" => {
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n".to_owned()
        }
        "/endless" => format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(12 << 20)),
        "/long" => say("200 OK", "", &"ü".repeat(700_000)),
        "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello".to_owned(),
        "/garbage" => "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "/silent" => String::new(),
        "/twice" => say("404 Not Found", "x-two: b\r\nserver: hunter2\r\nX-Two: a\r\n", "nothing"),
        "/unfinished" => "HTTP/1.1 200 OK\r\nx-one: a\r\ncontent-length: 100\r\n\r\n".to_owned(),
        _ => say("404 Not Found", "", path),
    }
}

async fn probe(world: &World, text: &str) -> Result<(), String> {
    match world.probe_on(None, "http", text).await.unwrap() {
        Verdict::Holds => Ok(()),
        Verdict::Fails(why) => Err(why),
        Verdict::Unknown => panic!("{text}"),
    }
}

fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_held_to_what_is_expected() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let server = Server::plain(site).await;
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let text = format!(
        "{{url: \"{}\", expect: {{status: 200, body: '\\d users$', headers: {{Strict-Transport-Security: 'max-age=[1-9]'}}}}}}",
        url("/")
    );
    assert_eq!(probe(&world, &text).await, Ok(()));
    assert!(server.last().starts_with("GET / HTTP/1.1\r\n"), "{}", server.last());
    assert!(server.last().contains(&format!("host: 127.0.0.1:{}\r\n", server.port)), "{}", server.last());
    let applied = world.apply_on(None, "http", &text).await.unwrap();
    assert_eq!((applied.outputs.stdout.as_str(), applied.outputs.changed), ("<p>7 users\n</p>", false));
    assert_eq!(applied.undo, Reversible::Nothing);
    assert_eq!(
        probe(&world, &format!("{{url: \"{}\", expect: {{body: users}}}}", url("/down"))).await,
        Err("the status is 503, not 2xx; the body has no match of /users/; the body begins: We are migrating, back soon. ***".into())
    );
    let failed = failure(world.apply_on(None, "http", &format!("{{url: \"{}\"}}", url("/down"))).await.err().unwrap());
    assert_eq!(failed.why, "the status is 503, not 2xx");
    assert_eq!(failed.command.unwrap(), format!("GET {}", url("/down")));
    assert_eq!(failed.stderr, "We are migrating, back soon. ***");
    assert_eq!(
        probe(&world, &format!("{{url: \"{}\", expect: {{body: ^hello world$}}}}", url("/chunked"))).await,
        Ok(())
    );
    assert_eq!(probe(&world, &format!("{{url: \"{}\", method: HEAD}}", url("/"))).await, Ok(()));
    let long = world.apply_on(None, "http", &format!("{{url: \"{}\"}}", url("/long"))).await.unwrap().outputs.stdout;
    assert_eq!((long.len(), long.chars().all(|c| c == 'ü')), (1 << 20, true));
}

#[tokio::test]
async fn redirects_are_followed_where_that_is_asked_for() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let server = Server::plain(site).await;
    let at = |path: &str, more: &str| format!("{{url: \"http://127.0.0.1:{}{path}\"{more}}}", server.port);
    let told = probe(&world, &at("/old", "")).await.unwrap_err();
    assert_eq!(told, "the status is 301 (it leads to /: `follow: true` goes there), not 2xx");
    assert_eq!(probe(&world, &at("/old", ", follow: true, expect: {body: users}")).await, Ok(()));
    assert_eq!(probe(&world, &at("/old", ", expect: {status: 301, headers: {Location: ^/$}}")).await, Ok(()));
    let told = probe(&world, &at("/round", ", follow: true")).await.unwrap_err();
    assert_eq!(told, "the answers lead on more than 10 times (where that needs cookies: none are kept)");
    assert_eq!(server.asked.lock().unwrap().iter().filter(|asked| asked.starts_with("GET /round")).count(), 11);
    let secret = sealed("token");
    let told =
        probe(&world, &at("/away", &format!(", follow: true, method: PUT, body: \"{secret}\""))).await.unwrap_err();
    assert_eq!(told, "the answer leads the request's body to another host, localhost:1");
}

fn leads_to_localhost(path: &str) -> String {
    match path.strip_prefix("/to/") {
        Some(port) => say("302 Found", &format!("location: http://localhost:{port}/\r\n"), ""),
        None => say("200 OK", "", "here"),
    }
}

#[tokio::test]
async fn secrets_are_not_led_to_another_host() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let server = Server::plain(leads_to_localhost).await;
    let text = format!(
        "{{url: \"http://127.0.0.1:{0}/to/{0}\", follow: true, headers: {{X-Token: \"{1}\", Authorization: x, Accept: y}}}}",
        server.port,
        sealed("token")
    );
    assert_eq!(probe(&world, &text).await, Ok(()));
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked[0].contains("x-token: hunter2\r\n") && asked[0].contains("authorization: x\r\n"), "{}", asked[0]);
    assert!(!asked[1].contains("hunter2") && !asked[1].contains("authorization"), "{}", asked[1]);
    assert!(asked[1].contains("accept: y\r\n") && asked[1].contains(&format!("host: localhost:{}", server.port)));
}

#[tokio::test]
async fn resolve_changes_the_address_alone() {
    let world = World::new().await;
    let server = Server::tls("www.example.org", 2099, site).await;
    std::fs::write(world.book().join("ca.pem"), &server.issuer).unwrap();
    let at = |name: &str, more: &str| {
        format!("{{url: \"https://{name}:{}/\", resolve: new, ca: ca.pem{more}}}", server.port)
    };
    assert_eq!(probe(&world, &at("www.example.org", ", expect: {certificate_valid_for: 14d}")).await, Ok(()));
    assert!(server.last().contains(&format!("host: www.example.org:{}\r\n", server.port)), "{}", server.last());
    let told = probe(&world, &at("www.example.com", "")).await.unwrap_err();
    assert!(told.ends_with("its certificate is for www.example.org, not for www.example.com"), "{told}");
    let told = probe(&world, &at("www.example.org", ", family: ipv6")).await.unwrap_err();
    assert_eq!(told, "127.0.0.1 has no IPv6 address");
    let stranger = Server::tls("www.example.net", 2099, site).await.issuer;
    std::fs::write(world.book().join("other.pem"), stranger).unwrap();
    let text = format!("{{url: \"https://www.example.org:{}/\", resolve: 127.0.0.1, ca: other.pem}}", server.port);
    let told = probe(&world, &text).await.unwrap_err();
    assert!(told.contains("UnknownIssuer") && told.contains("`ca:`"), "{told}");
    let text = format!("{{url: \"https://www.example.org:{}/\", resolve: nowhere}}", server.port);
    let error = world.probe_on(None, "http", &text).await.unwrap_err();
    assert_eq!(error.to_string(), "`resolve` takes an address or a role, and `nowhere` is neither");
}

#[tokio::test]
async fn a_certificate_has_its_day() {
    let world = World::new().await;
    let server = Server::tls("www.example.org", 2099, site).await;
    std::fs::write(world.book().join("ca.pem"), &server.issuer).unwrap();
    let text = |time: &str| {
        format!(
            "{{url: \"https://www.example.org:{}/\", resolve: 127.0.0.1, ca: ca.pem, expect: {{certificate_valid_for: {time}}}}}",
            server.port
        )
    };
    let told = probe(&world, &text("40000d")).await.unwrap_err();
    assert!(told.starts_with("the certificate is good until 2099-12-31T00:00:00Z ("), "{told}");
    let expired = Server::tls("www.example.org", 2020, site).await;
    std::fs::write(world.book().join("ca.pem"), &expired.issuer).unwrap();
    let text = format!("{{url: \"https://www.example.org:{}/\", resolve: 127.0.0.1, ca: ca.pem}}", expired.port);
    let told = probe(&world, &text).await.unwrap_err();
    let due = format!(
        "no TLS with www.example.org:{}: its certificate has expired: it was good until 2020-12-31T00:00:00Z",
        expired.port
    );
    assert_eq!(told, due);
    std::fs::write(world.book().join("ca.pem"), "no certificate").unwrap();
    let error = world.probe_on(None, "http", &text).await.unwrap_err();
    assert!(error.to_string().ends_with("ca.pem: there is no certificate in PEM form in it"), "{error}");
}

#[tokio::test]
async fn a_request_that_changes_something_is_never_taken_for_undone() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let server = Server::plain(site).await;
    let secret = sealed("token");
    let at = |path: &str| {
        let port = server.port;
        format!(
            "{{url: \"http://127.0.0.1:{port}{path}?t={secret}\", method: POST, body: \"is {secret}\", expect: {{status: 404}}}}"
        )
    };
    let applied = world.apply_on(None, "http", &at("/echo")).await.unwrap();
    assert_eq!((applied.outputs.stdout.as_str(), applied.outputs.changed), ("/echo?t=***", true));
    assert!(matches!(applied.undo, Reversible::No(_)));
    assert!(server.last().ends_with("\r\n\r\nis hunter2"), "{}", server.last());
    let text = format!("{{url: \"http://127.0.0.1:{}/silent\", method: POST}}", server.port);
    let error = world.apply_on(None, "http", &text).await.err().unwrap();
    assert!(matches!(error, ActionError::Unanswered(_)) && error.leaves_unsure(), "{error}");
    let nobody = "{url: \"http://127.0.0.1:1/\", method: POST}";
    assert!(!world.apply_on(None, "http", nobody).await.err().unwrap().leaves_unsure(), "nothing was sent");
    assert_eq!(action("http", nobody).after_crash(), AfterCrash::AskOperator);
    assert_eq!(action("http", "{url: \"http://127.0.0.1:1/\"}").after_crash(), AfterCrash::Reapply);
    let preview = action("http", &at("/echo")).preview(&serde_json::Value::Null).unwrap();
    assert!(preview.summary.ends_with("/echo?t={{ secrets.token }}"), "{}", preview.summary);
}

#[tokio::test]
async fn what_is_no_answer_says_what_it_is() {
    let mut world = World::new().await;
    world.timeout = Some(Duration::from_millis(1500));
    let server = Server::plain(site).await;
    let at = |path: &str| format!("{{url: \"http://127.0.0.1:{}{path}\"}}", server.port);
    for (path, due) in [
        ("/endless", "the body is larger than 10 MiB"),
        ("/cut", "no answer: "),
        ("/garbage", "no answer: "),
        ("/silent", "no answer: "),
    ] {
        let told = probe(&world, &at(path)).await.unwrap_err();
        assert!(told.starts_with(due), "{path}: {told}");
    }
    let told = probe(&world, "{url: \"http://127.0.0.1:1/\"}").await.unwrap_err();
    assert!(told.starts_with("cannot connect to 127.0.0.1:1: Connection refused"), "{told}");
    // Accepted by the kernel, and never answered.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!("{{url: \"http://127.0.0.1:{}/\"}}", deaf.local_addr().unwrap().port());
    assert_eq!(probe(&world, &text).await, Err("no answer within 1s500ms".into()));
}

#[tokio::test]
async fn a_request_goes_through_a_host() {
    let world = World::new().await;
    let server = Server::plain(site).await;
    let text = |more: &str| format!("{{url: \"http://localhost:{}/\", expect: {{body: users}}{more}}}", server.port);
    assert_eq!(world.probe("http", &text("")).await.unwrap(), Verdict::Holds);
    let before = world.old.given().len();
    assert_eq!(world.probe("http", &text(", family: ipv4")).await.unwrap(), Verdict::Holds);
    assert_eq!(world.old.given().len() - before, 1, "the host was asked for the name's address");
    let silent = format!("{{url: \"http://localhost:{}/silent\"}}", server.port);
    let told = world.probe("http", &silent).await.unwrap();
    assert!(matches!(&told, Verdict::Fails(why) if why.starts_with("no answer through old: ")), "{told:?}");
    let told = world.probe("http", "{url: \"http://127.0.0.1:1/\"}").await.unwrap();
    assert!(matches!(&told, Verdict::Fails(why) if why.contains("old cannot reach 127.0.0.1:1")), "{told:?}");
}

/// What the request left, as later templates see it, and what it left as `stdout`.
async fn left(world: &World, text: &str) -> (Value, String) {
    let outputs = world.apply_on(None, "http", text).await.unwrap().outputs;
    (outputs.data.unwrap(), outputs.stdout)
}

#[tokio::test]
async fn later_steps_see_the_parts_of_an_answer() {
    let world = World::with_secrets(&[("token", "hunter2")]).await;
    let server = Server::plain(site).await;
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let text = format!("{{url: \"{}?t={}\", expect: {{status: 404}}}}", url("/twice"), sealed("token"));
    let (data, stdout) = left(&world, &text).await;
    assert_eq!((&data["status"], stdout.as_str()), (&json!(404), "nothing"));
    assert_eq!((&data["headers"]["x-two"], &data["headers"]["server"]), (&json!(["b", "a"]), &json!(["***"])));
    assert_eq!(data["url"], json!(url("/twice?t=***")));
    assert_eq!(
        (&data["redirects"], &data["error"], &data["certificate_valid_until"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
    let (data, stdout) = left(&world, &format!("{{url: \"{}\", follow: true}}", url("/old"))).await;
    assert_eq!((&data["url"], stdout.as_str()), (&json!(url("/")), "<p>7 users\n</p>"));
    assert_eq!(data["redirects"], json!([{"url": url("/old"), "status": 301}]));
    let (data, stdout) = left(&world, &format!("{{url: \"{}\", head_only: true}}", url("/unfinished"))).await;
    assert_eq!((&data["headers"]["x-one"], stdout.as_str()), (&json!(["a"]), ""));
    let secure = Server::tls("www.example.org", 2099, site).await;
    std::fs::write(world.book().join("ca.pem"), &secure.issuer).unwrap();
    let text = format!("{{url: \"https://www.example.org:{}/\", resolve: new, ca: ca.pem}}", secure.port);
    assert_eq!(left(&world, &text).await.0["certificate_valid_until"], json!("2099-12-31T00:00:00Z"));
}

#[tokio::test]
async fn a_request_that_may_fail_tells_what_was_wrong() {
    let mut world = World::with_secrets(&[("token", "hunter2")]).await;
    world.timeout = Some(Duration::from_secs(2));
    let server = Server::plain(site).await;
    let text =
        |path: &str, more: &str| format!("{{url: \"http://127.0.0.1:{}{path}\", may_fail: true{more}}}", server.port);
    let (data, stdout) = left(&world, &text("/down", "")).await;
    assert_eq!((&data["status"], &data["error"]), (&json!(503), &Value::Null), "any status is an answer");
    assert_eq!(stdout, "We are migrating, back soon. ***");
    let (data, _) = left(&world, &text("/down", ", expect: {status: 200, body: users}")).await;
    assert_eq!(data["error"], json!("the status is 503, not 200; the body has no match of /users/"));
    assert_eq!(data["status"], json!(503));
    let (data, _) = left(&world, &text("/round", ", follow: true")).await;
    assert_eq!(data["error"], json!("the answers lead on more than 10 times"));
    assert_eq!(data["redirects"].as_array().unwrap().len(), 11);
    for (wrong, due) in [
        (
            "{url: \"http://127.0.0.1:1/\", may_fail: true}",
            "cannot connect to 127.0.0.1:1: Connection refused (os error 111)",
        ),
        (
            "{url: \"https://www.example.org/\", resolve: 127.0.0.1, family: ipv6, may_fail: true}",
            "127.0.0.1 has no IPv6 address",
        ),
    ] {
        let (data, stdout) = left(&world, wrong).await;
        assert_eq!((&data["error"], &data["status"], stdout.as_str()), (&json!(due), &Value::Null, ""));
    }
    // What keeps it from being asked at all is a mistake of the runbook's.
    let text = "{url: \"https://www.example.org/\", resolve: 127.0.0.1, ca: nowhere.pem, may_fail: true}";
    let server = Server::tls("www.example.org", 2099, site).await;
    let text = text.replace("org/", &format!("org:{}/", server.port));
    assert!(matches!(world.apply_on(None, "http", &text).await.err().unwrap(), ActionError::Local(_)));
    // As a check it is held to what it expects all the same.
    let told = probe(&world, "{url: \"http://127.0.0.1:1/\", may_fail: true}").await.unwrap_err();
    assert!(told.starts_with("cannot connect"), "{told}");
}

/// A server that goes on for ever, a byte at a time.
#[tokio::test]
async fn a_server_that_never_comes_to_an_end_holds_up_nobody() {
    let mut world = World::new().await;
    world.timeout = Some(Duration::from_millis(1500));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                for byte in b"HTTP/1.1 200 OK\r\n\r\n".iter().chain(std::iter::repeat(&b'x')) {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(40)).await;
                }
            });
        }
    });
    let (data, _) = left(&world, &format!("{{url: \"http://127.0.0.1:{port}/\", may_fail: true}}")).await;
    assert_eq!(data["error"], json!("no answer within 1s500ms"));
    let (data, _) =
        left(&world, &format!("{{url: \"http://127.0.0.1:{port}/\", may_fail: true, head_only: true}}")).await;
    assert_eq!((&data["error"], &data["status"]), (&Value::Null, &json!(200)));
}
