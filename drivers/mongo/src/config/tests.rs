use super::*;

fn refusal(url: &str) -> String {
    let error = MongoConfig::from_url(url).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    error.to_string()
}

#[test]
fn urls_name_hosts_a_database_and_options() {
    let plain = MongoConfig::from_url("mongodb://127.0.0.1:27017").unwrap();
    assert_eq!(plain.place(), "127.0.0.1:27017/weir");
    assert_eq!((plain.dedup(), plain.timeout()), (Duration::from_secs(3600), Duration::from_secs(10)));
    let full = "mongodb://u:s%40cret@a:1,b:2/events?dedup_window=2h&replicaSet=rs&timeout=3s&w=majority&journal=true\
                &retryWrites=true&authSource=admin&readPreference=primary&readConcernLevel=majority";
    let full = MongoConfig::from_url(full).unwrap();
    assert_eq!(full.place(), "a:1,b:2/events");
    assert_eq!((full.dedup(), full.timeout()), (Duration::from_secs(7200), Duration::from_secs(3)));
    assert_eq!(full.connection().replica_set.as_deref(), Some("rs"));
    let hosted = MongoConfig::from_url("mongodb+srv://u:p@cluster.example.net/?dedup_window=1s").unwrap();
    assert_eq!(hosted.place(), "cluster.example.net/weir");
    for bare in ["mongodb://h?replicaSet=rs", "mongodb://h/?", "mongodb://h/db?"] {
        MongoConfig::from_url(bare).unwrap();
    }
}

#[test]
fn the_client_repeats_no_write_and_reads_from_the_primary() {
    let config = MongoConfig::from_url("mongodb://h/?retryWrites=true&maxPoolSize=7").unwrap();
    let mut options = ClientOptions::default();
    options.max_pool_size = config.connection().max_pool_size;
    config.apply(&mut options);
    assert_eq!((options.retry_writes, options.max_pool_size), (Some(false), Some(7)));
    assert!(options.connect_timeout.is_some() && options.server_selection_timeout.is_some());
}

#[test]
fn what_weakens_the_promise_is_refused_in_a_sentence() {
    for (option, word) in [
        ("w=1", "w=majority"),
        ("w=0", "w=majority"),
        ("w=3", "w=majority"),
        ("w=mytag", "w=majority"),
        ("journal=false", "journal=true"),
        ("wtimeoutMS=5", "timeout"),
        ("readConcernLevel=local", "readConcernLevel=majority"),
        ("readConcernLevel=available", "readConcernLevel=majority"),
        ("readPreference=secondary", "primary"),
        ("readPreference=primaryPreferred", "primary"),
        ("socketTimeoutMS=5", "timeout"),
        ("loadBalanced=true", "not supported"),
    ] {
        let said = refusal(&format!("mongodb://h/weir?{option}"));
        assert!(said.contains(word), "{option}: {said}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    for (url, word) in [
        ("memory:", "mongodb://"),
        ("mongodb:h", "mongodb://"),
        ("mongodb://", "cannot be read"),
        ("mongodb://h:port/", "cannot be read"),
        ("mongodb://h/?dedup=1h", "dedup_window"),
        ("mongodb://h/?dedup_window=soon", "duration"),
        ("mongodb://h/?dedup_window=1s&dedup_window=2s", "twice"),
        ("mongodb://h/?timeout=5ms", "100ms"),
        ("mongodb://h/?replicaset=a&replicaset=b", "repeated"),
        ("mongodb://h/?heartbeatFrequencyMS=x", "integer"),
        ("mongodb://h/admin", "authSource=admin"),
        ("mongodb://h/local", "server's own"),
        ("mongodb://h/a$b", "cannot be read"),
    ] {
        let said = refusal(url);
        assert!(said.contains(word), "{url}: {said}");
    }
}

#[test]
fn no_password_is_ever_shown() {
    for url in [
        "mongodb://user:s3cret@h:port/",
        "mongodb://user:s3cret:x@h/",
        "mongodb://user:s3cret/x@h/",
        "mongodb://user:s3cret?x@h/",
        "mongodb://user:p?s3cret=1@h/",
        "mongodb://user:p#s3cret@h/",
        "mongodb://user:s3cret%@h/",
        "mongodb://user:s3cret@h/?w=1",
        "mongodb://user:s3cret@h/?nothing=1",
        "mongodb://h/?tlsCertificateKeyFilePassword=s3cret",
        "mongodb://h/?proxyPassword=s3cret",
    ] {
        let said = refusal(url);
        assert!(!said.contains("s3cret"), "{url}: {said}");
    }
    let config = MongoConfig::from_url("mongodb://user:s3cret@h/").unwrap();
    assert!(!format!("{config:?}").contains("s3cret") && !config.place().contains("user"));
}
