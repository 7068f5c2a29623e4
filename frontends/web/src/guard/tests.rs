//! The guard's decisions, row by row.

use super::*;

fn loopback() -> WebConfig {
    WebConfig::default()
}

fn public() -> WebConfig {
    WebConfig::at(([0, 0, 0, 0], 7766).into())
}

fn asked(config: &WebConfig, method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Visitor, String> {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    check(config, &request.body(()).unwrap())
        .map_err(|problem| format!("{} {}", problem.status().as_u16(), problem.code()))
}

fn check(config: &WebConfig, request: &http::Request<()>) -> Result<Visitor, Problem> {
    Guard::new(config).check(request.method(), request.uri(), request.version(), request.headers())
}

fn get(config: &WebConfig, headers: &[(&str, &str)]) -> Result<Visitor, String> {
    asked(config, "GET", "/v1/events/a", headers)
}

#[test]
fn a_server_on_loopback_is_called_by_loopback_names() {
    let mut config = loopback();
    config.allowed_hosts = vec!["Broker.test".into(), "other.test:81".into()];
    for host in [
        "localhost",
        "LOCALHOST:7766",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.9.9.9",
        "[::1]",
        "[::1]:7766",
        "[::ffff:127.0.0.1]",
        "broker.TEST",
        "broker.test:99",
        "other.test:81",
    ] {
        assert_eq!(get(&config, &[("host", host)]), Ok(Visitor::Own), "{host}");
    }
    for host in [
        "evil.test",
        "evil.test:7766",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "other.test",
        "other.test:82",
        "0x7f.1",
        "2130706433",
    ] {
        assert_eq!(get(&config, &[("host", host)]), Err("421 host_not_allowed".into()), "{host}");
    }
    for host in [
        "",
        ":",
        ":80",
        "localhost:",
        "localhost:http",
        "localhost:123456",
        "local host",
        "a@localhost",
        "[::1",
        "[::1]x",
        "::1",
        "localhost/..",
        "localhost:80:80",
        "lócalhost",
    ] {
        assert_eq!(get(&config, &[("host", host)]), Err("400 host_missing".into()), "{host}");
    }
}

#[test]
fn host_stands_exactly_once() {
    assert_eq!(get(&loopback(), &[]), Err("400 host_missing".into()));
    let twice = [("host", "localhost"), ("host", "localhost")];
    assert_eq!(get(&loopback(), &twice), Err("400 host_missing".into()));
    let old = http::Request::builder().version(Version::HTTP_10).uri("/").body(()).unwrap();
    assert_eq!(check(&loopback(), &old), Ok(Visitor::Own));
}

#[test]
fn an_absolute_address_is_checked_beside_the_header() {
    let row = |uri, host| asked(&loopback(), "GET", uri, &[("host", host)]);
    assert_eq!(row("http://localhost/", "localhost"), Ok(Visitor::Own));
    assert_eq!(row("http://evil.test/", "localhost"), Err("421 host_not_allowed".into()));
    assert_eq!(row("http://localhost/", "evil.test"), Err("421 host_not_allowed".into()));
    assert_eq!(asked(&loopback(), "GET", "http://localhost/", &[]), Ok(Visitor::Own));
}

#[test]
fn a_server_beyond_loopback_is_called_as_it_likes() {
    assert_eq!(get(&public(), &[("host", "broker.example.com")]), Ok(Visitor::Own));
    let mut config = public();
    config.allowed_hosts = vec!["broker.example.com".into()];
    assert_eq!(get(&config, &[("host", "broker.example.com")]), Ok(Visitor::Own));
    assert_eq!(get(&config, &[("host", "localhost")]), Ok(Visitor::Own));
    assert_eq!(get(&config, &[("host", "evil.test")]), Err("421 host_not_allowed".into()));
}

#[test]
fn pages_of_other_origins_are_refused() {
    let config = loopback();
    for (host, origin) in [
        ("localhost:7766", "http://localhost:7766"),
        ("LocalHost:7766", "http://localhost:7766"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
        ("[::1]:7766", "http://[::1]:7766"),
    ] {
        assert_eq!(get(&config, &[("host", host), ("origin", origin)]), Ok(Visitor::Own), "{host} {origin}");
    }
    for (host, origin) in [
        ("localhost:7766", "http://evil.test"),
        ("localhost:7766", "http://localhost:3000"),
        ("localhost:7766", "http://localhost"),
        ("localhost:7766", "http://127.0.0.1:7766"),
        ("localhost:443", "http://localhost"),
        ("localhost:7766", "null"),
        ("localhost:7766", ""),
        ("localhost:7766", "localhost:7766"),
        ("localhost:7766", "ftp://localhost:7766"),
        ("localhost:7766", "http://localhost:7766.evil.test"),
        ("localhost:7766", "http://evil@localhost:7766"),
        ("localhost:7766", "*"),
    ] {
        let outcome = get(&config, &[("host", host), ("origin", origin)]);
        assert_eq!(outcome, Err("403 origin_not_allowed".into()), "{host} {origin}");
    }
    let twice = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://localhost")];
    assert_eq!(get(&config, &twice), Err("403 origin_not_allowed".into()));
}

#[test]
fn a_server_with_tls_is_not_of_one_origin_with_one_without() {
    let mut config = public();
    config.tls = Some(crate::TlsConfig { certificate: "c.pem".into(), key: "k.pem".into() });
    let row = |origin| get(&config, &[("host", "broker.test:8443"), ("origin", origin)]);
    assert_eq!(row("https://broker.test:8443"), Ok(Visitor::Own));
    assert_eq!(row("http://broker.test:8443"), Err("403 origin_not_allowed".into()));
}

#[test]
fn listed_origins_are_let_in_as_what_they_are() {
    let mut config = loopback();
    config.allowed_origins = vec!["https://app.example.com".into()];
    let row =
        |origin| get(&config, &[("host", "localhost"), ("origin", origin), ("sec-fetch-site", "cross-site")]);
    let foreign = |origin| Ok(Visitor::Foreign(HeaderValue::from_static(origin)));
    assert_eq!(row("https://app.example.com"), foreign("https://app.example.com"));
    for origin in ["http://app.example.com", "https://app.example.com:444", "https://evil.test", "null"] {
        assert_eq!(row(origin), Err("403 origin_not_allowed".into()), "{origin}");
    }
    config.allowed_origins = vec!["*".into()];
    let row = |origin| get(&config, &[("host", "localhost"), ("origin", origin)]);
    assert_eq!(row("https://any.test"), foreign("https://any.test"));
    assert_eq!(row("null"), Err("403 origin_not_allowed".into()));
}

#[test]
fn without_an_origin_the_browser_tells_the_distance() {
    let refused = || Err("403 origin_not_allowed".into());
    let navigation = ("sec-fetch-mode", "navigate");
    let script = ("sec-fetch-mode", "no-cors");
    for (method, site, mode, destination, expected) in [
        ("GET", "same-origin", script, "script", Ok(Visitor::Own)),
        ("GET", "none", navigation, "document", Ok(Visitor::Own)),
        ("GET", "cross-site", script, "script", refused()),
        ("GET", "same-site", script, "image", refused()),
        ("GET", "cross-site", script, "document", refused()),
        ("GET", "cross-site", navigation, "document", Ok(Visitor::Own)),
        ("GET", "cross-site", navigation, "iframe", refused()),
        ("GET", "whatever", script, "empty", refused()),
        ("POST", "cross-site", navigation, "document", refused()),
        ("DELETE", "same-site", navigation, "document", refused()),
    ] {
        let headers =
            [("host", "localhost"), ("sec-fetch-site", site), mode, ("sec-fetch-dest", destination)];
        assert_eq!(
            asked(&loopback(), method, "/", &headers),
            expected,
            "{method} {site} {mode:?} {destination}"
        );
    }
}

#[test]
fn an_allowed_page_is_told_what_it_may_do() {
    let visitor = Visitor::Foreign(HeaderValue::from_static("https://app.test"));
    let mut headers = HeaderMap::new();
    headers.insert("access-control-request-method", HeaderValue::from_static("PUT"));
    headers
        .insert("access-control-request-headers", HeaderValue::from_static("authorization, idempotency-key"));
    let mut answer = preflight(&Method::OPTIONS, &headers, &visitor).unwrap();
    add_headers(answer.headers_mut(), &visitor);
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.test");
    assert_eq!(answer.headers()["access-control-allow-headers"], "authorization, idempotency-key");
    assert_eq!(answer.headers()["vary"], "origin");
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));

    assert!(preflight(&Method::OPTIONS, &headers, &Visitor::Own).is_none(), "no page asks");
    assert!(preflight(&Method::OPTIONS, &HeaderMap::new(), &visitor).is_none(), "no preflight");
    assert!(preflight(&Method::PUT, &headers, &visitor).is_none());
}
