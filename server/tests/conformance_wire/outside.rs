//! A broker that runs already and belongs to others too: behind TLS, with tokens, and with data of their own.

use crate::host::{WeirProcess, weir};
use eventweir::{ChannelName, NewEvent, Selector};
use eventweir_conformance::clients::{self, RemoteHost};
use eventweir_conformance::{From, Host, Law, Level, Options, Profile, Property, Subject, Told, Verdict};
use std::path::Path;

/// Writes a certificate for 127.0.0.1 that vouches for itself.
fn write_certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

/// Makes a token with every right, and returns its secret.
fn write_token(folder: &Path) -> String {
    let made = weir(folder).args(["token", "examiner", "--admin"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    std::fs::write(folder.join("tokens.toml"), &made.stdout).unwrap();
    String::from_utf8(made.stderr).unwrap().trim().to_owned()
}

#[test]
fn every_protocol_is_examined_behind_tls_with_a_token_and_cleaned_up() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let host = WeirProcess::with(&[
        "--set",
        "http.tls.certificate=cert.pem",
        "--set",
        "http.tls.key=key.pem",
        "--tokens",
        "tokens.toml",
    ]);
    let (pem, token) = (write_certificate(host.folder()), write_token(host.folder()));
    let address = runtime.block_on(host.start()).unwrap();
    let url = address.to_string();
    assert!(url.starts_with("https://"), "{url}");
    let theirs = address.with_certificates(&pem).with_token(&token);
    let published = [ChannelName::new("/theirs").unwrap(), ChannelName::new("/conformance").unwrap()];
    runtime.block_on(async {
        let mut client = clients::native_polling().connect(theirs.clone()).await.unwrap();
        for channel in &published {
            client.publish(&[NewEvent::new(channel.clone(), "theirs")]).await.unwrap();
        }
    });

    let property = Property::named(Level::Wire, Law::NoMiss, "every_selection_is_delivered").unwrap();
    let options = Options::new(Profile::Quick).with_cases(1);
    for protocol in clients::all() {
        let (url, pem, token) = (url.clone(), pem.clone(), token.clone());
        let remote = move || RemoteHost::new(&url, Some(&token)).with_certificates(&pem);
        let verdict = property.check(&Subject::wire(remote, protocol.clone()), &options);
        assert_eq!(verdict.unwrap(), Verdict::Held, "{protocol:?}");
    }

    let left = runtime.block_on(async {
        let mut client = clients::native_polling().connect(theirs).await.unwrap();
        client.follow(&Selector::all(), &From::Earliest).await.unwrap();
        client.next().await.unwrap()
    });
    let left: Vec<_> = left.into_iter().filter_map(channel_of).collect();
    assert_eq!(left, published);
    runtime.block_on(host.leave()).unwrap();
}

#[test]
fn what_belongs_to_others_too_is_neither_trimmed_nor_ended() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let host = WeirProcess::new();
    let url = runtime.block_on(host.start()).unwrap().to_string();
    let options = Options::new(Profile::Quick).with_cases(1);
    let subject = Subject::wire(move || RemoteHost::new(&url, None), clients::native_polling());
    let skipped = |law, name| match Property::named(Level::Wire, law, name).unwrap().check(&subject, &options)
    {
        Ok(Verdict::Skipped(why)) => why,
        other => panic!("{name}: {other:?}"),
    };
    let why = skipped(Law::Told, "what_was_trimmed_is_told");
    assert_eq!(why, "its events are not the suite's to trim");
    let why = skipped(Law::Durable, "kill_9_loses_nothing");
    assert_eq!(why, "the suite cannot kill it");
    let removed = Property::named(Level::Wire, Law::Told, "a_removed_channel_is_told").unwrap();
    assert_eq!(removed.check(&subject, &options).unwrap(), Verdict::Held);
    runtime.block_on(host.leave()).unwrap();
}

fn channel_of(told: Told) -> Option<ChannelName> {
    match told {
        Told::Event(seen) => seen.channel,
        _ => None,
    }
}
