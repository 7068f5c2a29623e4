//! Compares what the catalog lists and counts.

use crate::failure::ensure_law;
use crate::storage::model::Model;
use crate::storage::stream::StreamClient;
use crate::storage::verify::check_bounds;
use crate::words::channel;
use crate::{Failure, Law};
use eventweir::{Catalog, Cursor, Selector, Usage};

/// Checks every list and count, if the driver has a catalog.
pub(super) async fn check_catalog(model: &Model, client: &StreamClient) -> Result<(), Failure> {
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    let streams = catalog.streams().await?;
    ensure_law!(
        Law::NoMiss,
        streams.contains(&client.stream),
        "the stream in use is not listed among {streams:?}"
    );
    check_usage(model, client, catalog).await?;
    for selector in
        [Selector::all(), Selector::subtree(channel("/a")), Selector::ancestors(channel("/a/b/c"))]
    {
        check_channels(model, client, catalog, &selector).await?;
    }
    check_cursors(model, client, catalog).await
}

async fn check_usage(model: &Model, client: &StreamClient, catalog: &dyn Catalog) -> Result<(), Failure> {
    let actual = catalog.usage(&client.stream).await?;
    check_bounds(model, actual.bounds.epoch, &actual.bounds)?;
    let expected = Usage {
        bounds: actual.bounds,
        events: model.retained().count() as u64,
        bytes: model.bytes(),
        channels: model.channels(&Selector::all()).len() as u64,
        cursors: model.cursors.len() as u64,
    };
    ensure_law!(Law::Honest, actual == expected, "the usage should be {expected:?}, and is {actual:?}");
    Ok(())
}

async fn check_channels(
    model: &Model,
    client: &StreamClient,
    catalog: &dyn Catalog,
    selector: &Selector,
) -> Result<(), Failure> {
    let expected = model.channels(selector);
    let mut listed = Vec::new();
    // One page more than there can be: a list that never ends is wrong, too.
    for _ in 0..=expected.len() {
        let after = listed.last().map(|info: &eventweir::ChannelInfo| info.name.clone());
        let page = catalog.channels(&client.stream, selector, after.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        ensure_law!(
            Law::Isolation,
            page.len() <= PAGE,
            "a list of at most {PAGE} channels has {}",
            page.len()
        );
        listed.extend(page);
    }
    ensure_law!(
        Law::NoMiss,
        listed == expected,
        "the channels of {:?} should be {expected:?}, and are listed as {listed:?}",
        selector.scopes()
    );
    Ok(())
}

async fn check_cursors(model: &Model, client: &StreamClient, catalog: &dyn Catalog) -> Result<(), Failure> {
    let mut expected = model.cursors.clone();
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    let mut listed: Vec<Cursor> = Vec::new();
    for _ in 0..=expected.len() {
        let after = listed.last().map(|cursor| cursor.name.clone());
        let page = catalog.cursors(&client.stream, after.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        ensure_law!(
            Law::Isolation,
            page.len() <= PAGE,
            "a list of at most {PAGE} cursors has {}",
            page.len()
        );
        listed.extend(page);
    }
    ensure_law!(
        Law::NoMiss,
        listed == expected,
        "the cursors should be {expected:?}, and are listed as {listed:?}"
    );
    Ok(())
}

/// Small, so that lists have several pages.
const PAGE: usize = 2;
