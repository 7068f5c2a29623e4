//! One member: it takes connections, and passes on what a member would do.

use super::message::Message;
use super::{Mishap, Reign, Shared};
use mongodb::bson::Document;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

#[derive(Clone, Debug)]
pub(super) struct Door {
    member: usize,
    shared: Arc<Shared>,
}

impl Door {
    pub(super) fn new(member: usize, shared: Arc<Shared>) -> Self {
        Self { member, shared }
    }

    pub(super) async fn open(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => drop(connections.spawn(self.clone().serve(client))),
                    // There are too many open files, perhaps: it passes.
                    Err(_) => sleep(BREATH).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// However it ends, the connection is closed.
    async fn serve(self, client: TcpStream) {
        let (_, _) = (client.set_nodelay(true), self.pass(client).await);
    }

    async fn pass(&self, mut client: TcpStream) -> io::Result<()> {
        let mut server = TcpStream::connect(self.shared.server).await?;
        server.set_nodelay(true)?;
        loop {
            let request = Message::read(&mut client).await?;
            let answer = self.answer(&request, &mut server).await?;
            client.write_all(answer.bytes()).await?;
        }
    }

    /// Returns the answer; an error closes the connection.
    async fn answer(&self, request: &Message, server: &mut TcpStream) -> io::Result<Message> {
        let command = request.command();
        let anybody_answers = ANYWHERE.contains(&command);
        let mut reign = self.shared.reign.subscribe();
        let term = reign.borrow_and_update().term;
        if !anybody_answers && !self.is_primary() {
            self.shared.plans().happened.refused += 1;
            return request.not_primary();
        }
        let mishap = self.shared.mishap(command);
        if mishap == Some(Mishap::BeforeExecution) {
            self.shared.plans().happened.lost_requests += 1;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        server.write_all(request.bytes()).await?;
        let answered = async {
            let answer = Message::read(server).await?;
            if let Some(Mishap::Late(span)) = mishap {
                sleep(span).await;
            }
            io::Result::Ok(answer)
        };
        let deposed = reign.wait_for(|reign| !anybody_answers && reign.term != term);
        let answer = tokio::select! {
            answer = answered => Some(answer?),
            _ = deposed => None,
        };
        match answer {
            Some(answer) if mishap != Some(Mishap::AfterExecution) => self.in_my_name(answer),
            _ => {
                self.shared.plans().happened.lost_answers += 1;
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }

    fn is_primary(&self) -> bool {
        self.shared.reign.borrow().primary == Some(self.member)
    }

    /// Says in an answer to `hello` who this member is.
    fn in_my_name(&self, answer: Message) -> io::Result<Message> {
        match answer.body() {
            Some(mut body) if body.contains_key("maxWireVersion") => {
                self.introduce(&mut body);
                answer.with_body(&body)
            }
            _ => Ok(answer),
        }
    }

    fn introduce(&self, hello: &mut Document) {
        let reign: Reign = *self.shared.reign.borrow();
        let name = |member: usize| self.shared.members[member].to_string();
        let is_primary = reign.primary == Some(self.member);
        for gone in ["topologyVersion", "primary", "electionId", "isWritablePrimary", "ismaster"] {
            hello.remove(gone);
        }
        hello.insert("hosts", self.shared.members.iter().map(ToString::to_string).collect::<Vec<_>>());
        hello.insert("me", name(self.member));
        hello.insert("setVersion", 1);
        hello.insert("isWritablePrimary", is_primary);
        hello.insert("ismaster", is_primary);
        hello.insert("secondary", !is_primary);
        if let Some(primary) = reign.primary {
            hello.insert("primary", name(primary));
        }
        if is_primary {
            hello.insert("electionId", reign.election_id());
        }
        if let Some(version) = self.shared.plans().wire_version {
            hello.insert("minWireVersion", 0);
            hello.insert("maxWireVersion", version);
        }
    }
}

/// What a member answers that is not the primary.
const ANYWHERE: [&str; 9] = [
    "hello",
    "isMaster",
    "ismaster",
    "ping",
    "buildInfo",
    "saslStart",
    "saslContinue",
    "endSessions",
    "killCursors",
];
const BREATH: Duration = Duration::from_millis(10);
