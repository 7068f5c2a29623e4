//! 5. Who may do what, decided by your own code. `cargo run -p custom-auth`

use eventweir::{
    Action, Auth, Broker, ChannelName, Credentials, Error, ErrorKind, NewEvent, Principal, Result, Selector,
    Start, async_trait,
};
use eventweir_memory::MemoryStorage;

/// Gives every customer the channels below its own name: `/customers/NAME/...`. The token is the name, spelt backwards;
/// yours would ask a directory, and answer `Unavailable` while it does not reach it.
#[derive(Debug)]
struct Customers;

#[async_trait]
impl Auth for Customers {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Principal> {
        match credentials {
            Credentials::Token(token) if !token.is_empty() => {
                Ok(Principal::new(&token.chars().rev().collect::<String>()))
            }
            _ => Err(Error::new(ErrorKind::Unauthenticated, "a customer's token is needed")),
        }
    }

    async fn authorize(&self, who: &Principal, action: &Action<'_>) -> Result<()> {
        let own = Selector::subtree(ChannelName::new(&format!("/customers/{}", who.name()))?);
        let allowed = match action {
            Action::Publish(channel) => own.matches_channel(channel.as_str()),
            Action::Read(wanted) => {
                wanted.scopes().iter().all(|scope| own.scopes().iter().any(|mine| mine.contains(scope)))
            }
            _ => false,
        };
        if allowed {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::PermissionDenied, "that is another customer's"))
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let broker = Broker::builder().storage(MemoryStorage::new()).auth(Customers).build()?;

    let acme = broker.session(&Credentials::token("emca")).await?;
    let receipt = acme.publish(NewEvent::new(ChannelName::new("/customers/acme/orders")?, "42")).await?;
    println!("{} published at {}", acme.principal().name(), receipt.position());

    let theirs = ChannelName::new("/customers/globex")?;
    let refused = acme.publish(NewEvent::new(theirs.clone(), "42")).await;
    println!("elsewhere: {}", refused.map_or_else(|error| error.to_string(), |_| "let through!".to_owned()));
    let refused = acme.subscribe(Selector::subtree(theirs), Start::Earliest).await;
    println!(
        "reading elsewhere: {}",
        refused.map_or_else(|error| error.to_string(), |_| "let through!".to_owned())
    );
    broker.close().await
}
