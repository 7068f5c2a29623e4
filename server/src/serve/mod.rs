//! `weir serve`: the broker, composed as the configuration says.

mod frontend;
mod signals;
pub(crate) mod storage;
mod tokens;

use crate::config::{Config, masked_url};
use crate::failure::{Failure, Result};
use eventweir::layers::{RetryLayer, TimeoutLayer, TraceLayer};
use eventweir::{Broker, BrokerBuilder, ErrorKind, Shutdown, Storage};
use signals::Signals;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokens::Tokens;
use tokio::sync::watch;

/// Time beyond that of the transports: each ends its connections by itself before the broker ends the transport.
const DRAIN_GRACE: Duration = Duration::from_secs(2);

/// Runs the broker until a signal ends it.
///
/// Once it is ready, the first line on stdout says where: `weir: http on http://127.0.0.1:7766`.
///
/// # Errors
/// When the configuration cannot be used, the storage cannot be opened, or the address cannot be had; when a transport failed
/// while serving, or the storage could not be closed.
pub async fn serve(config: Config) -> Result<()> {
    serve_through(config, |storage| storage).await
}

/// Runs the broker as [`serve`] does, over a storage that a layer has wrapped.
///
/// # Errors
/// As [`serve`].
pub(crate) async fn serve_through(
    config: Config,
    layer: impl FnOnce(Arc<dyn Storage>) -> Arc<dyn Storage>,
) -> Result<()> {
    let signals = Signals::listen()?;
    let tokens = Tokens::read(&config.auth)?;
    let frontend = frontend::bind(&config, tokens.are_needed()).await?;
    let reloader = frontend.certificate_reloader();
    let url = frontend::url(frontend.local_addr(), reloader.is_some());
    let storage = layer(open_storage(&config).await?);
    let broker = compose(&config, storage)?.shared_auth(tokens.auth()).transport(frontend).build()?;
    broker.check_ready().await.map_err(|error| storage::refused(&error))?;
    announce(&url);
    let shutdown = Shutdown::new();
    let (reload, asked) = watch::channel(());
    tokio::select! {
        outcome = broker.run(shutdown.clone()) => outcome.map_err(Failure::from),
        // These never end by themselves.
        () = signals.act(shutdown, reload) => Ok(()),
        () = tokens.follow(asked.clone()) => Ok(()),
        () = frontend::follow_certificate(reloader, asked) => Ok(()),
        () = warn_of_misplaced(broker.clone()) => Ok(()),
    }
}

async fn open_storage(config: &Config) -> Result<Arc<dyn Storage>> {
    let storage = storage::open(&config.storage).await?;
    let url = masked_url(&config.storage.url);
    tracing::info!(%url, promises = storage::describe(&storage.promises()), "the storage is open");
    Ok(storage)
}

/// Puts the broker together, but for who may do what and how clients come in.
fn compose(config: &Config, storage: Arc<dyn Storage>) -> Result<BrokerBuilder> {
    let broker = Broker::builder()
        .storage(storage)
        .layer(TraceLayer)
        .layer(TimeoutLayer::new(config.storage.timeout))
        .layer(RetryLayer::new(config.storage.tries))
        .limits(config.limits.clone())
        .retention(config.retention.retention())
        .streams(config.stream_rules().map_err(Failure::usage)?)
        .poll_interval(config.broker.poll)
        .trim_interval(config.broker.trim)
        .drain_timeout(config.http.drain + DRAIN_GRACE);
    Ok(match config.storage.requires {
        Some(durability) => broker.requires(durability.into()),
        None => broker,
    })
}

/// Says once, beside serving, which events the rules of streams hide from their readers: those that were stored before the rules
/// were changed. Never ends.
async fn warn_of_misplaced(broker: Broker) {
    match broker.misplaced_channels().await {
        Ok(misplaced) => misplaced.iter().for_each(|(stream, channel)| {
            let ruled = broker.streams().of_channel(channel);
            tracing::warn!(
                "the stream {stream} has events of {channel}, which the rules put into {ruled}: its readers do not see them"
            );
        }),
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        Err(error) => tracing::warn!(%error, "whether all events are where the rules have them could not be seen"),
    }
    std::future::pending().await
}

/// Says where the broker is, for people and for the programs that started it. Whoever closed stdout does not want to know.
fn announce(url: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "weir: http on {url}");
    let _ = stdout.flush();
    tracing::info!(%url, "ready");
}
