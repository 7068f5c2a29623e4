use super::*;

fn address(text: &str) -> Address {
    Address::parse(text, None).unwrap()
}

#[test]
fn the_three_kinds_of_deployment() {
    let config =
        parse("redis://me:pass%40word@cache.example:7000/3?prefix=a:b&dedup_window=2h&wait=1").unwrap();
    assert_eq!(config.deployment, Deployment::Alone(address("cache.example:7000")));
    assert_eq!((config.user.as_deref(), config.password.as_deref()), (Some("me"), Some("pass@word")));
    assert_eq!((config.database, config.wait, &*config.prefix), (3, 1, "a:b"));
    assert_eq!(config.dedup_window, Duration::from_secs(7200));

    let config = parse("redis+sentinel://:pw@a,b:5000/mymaster/2?timeout=300ms&protocol=resp2").unwrap();
    let sentinels = vec![address("a:26379"), address("b:5000")];
    assert_eq!(config.deployment, Deployment::Sentinel { sentinels, name: "mymaster".to_owned() });
    assert_eq!((config.user, config.database, config.protocol), (None, 2, Protocol::Resp2));
    assert_eq!(config.timeout, Duration::from_millis(300));

    let config = parse("rediss+cluster://[::1]:7001,a/?tls_ca=/etc/ca.pem").unwrap();
    assert_eq!(config.deployment, Deployment::Cluster(vec![address("[::1]:7001"), address("a:6379")]));
    assert_eq!(config.tls.unwrap().authorities, Some(PathBuf::from("/etc/ca.pem")));
}

#[test]
fn what_is_not_known_is_refused_and_no_password_is_repeated() {
    for (url, why) in [
        ("memory:", "begins with redis://"),
        ("redis:localhost", "begins with redis://"),
        ("redis+proxy://a", "begins with redis://"),
        ("redis://", "HOST or HOST:PORT"),
        ("redis://a:port", "HOST or HOST:PORT"),
        ("redis://a:0", "HOST or HOST:PORT"),
        ("redis://a,b", "redis+cluster://"),
        ("redis://a/zero", "a database is a number"),
        ("redis://a/0/1", "a database is a number"),
        ("redis+cluster://a/1", "database 0 only"),
        ("redis+sentinel://a", "names the master"),
        ("redis://secret@a", "USER:PASSWORD@"),
        ("redis://secret:@a", "password is empty"),
        ("redis://a?wiat=1", "known are prefix, dedup_window"),
        ("redis://a?wait=-1", "number of replicas"),
        ("redis://a?timeout=0", "between 1ms and 1h"),
        ("redis://a?timeout=soon", "a duration"),
        ("redis://a?prefix=a{b}", "prefix is"),
        ("redis://a?prefix=", "prefix is"),
        ("redis://a?protocol=resp4", "resp2 or resp3"),
        ("redis://a?tls_ca=/x", "rediss://"),
        ("redis://x:secret@a?nothing", "known are"),
        ("redis://x:%ff@a", "not UTF-8"),
        ("redis://x:se?secret@a/0", "percent-encoded"),
    ] {
        let error = parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        let text = error.to_string();
        assert!(text.starts_with("the storage URL is refused: ") && text.contains(why), "{url}: {text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn debug_shows_no_password() {
    let shown = format!("{:?}", parse("redis://me:hidden@a").unwrap());
    assert!(shown.contains("me") && shown.contains("***") && !shown.contains("hidden"), "{shown}");
}
