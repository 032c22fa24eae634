//! Asks name servers, and sends them updates.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use crate::actions::context::Read;
use crate::base::{Clock, Role};
use crate::transport::Transport;

use super::answer::Answer;
use super::channel::{Channel, Reply};
use super::key::{Key, Signed};
use super::server::Server;
use super::trouble::Trouble;

/// How long a server's answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type.
    pub kind: RecordType,
    /// Whether it may ask others for it: what resolvers are for.
    pub recursive: bool,
}

/// From where servers are asked.
#[derive(Clone)]
pub enum Line {
    /// From this machine.
    Direct,
    /// As that host sees them, through its SSH connection: over TCP.
    Through(Arc<dyn Transport>),
}

impl Line {
    /// The unit's own: its host's, where it has one that is not this machine.
    #[must_use]
    pub fn of(cx: &Read<'_>) -> Self {
        match cx.env().host.as_ref().filter(|host| !host.role().is_local()) {
            Some(host) => Self::Through(Arc::clone(host)),
            None => Self::Direct,
        }
    }

    /// The host through which it goes.
    #[must_use]
    pub fn through(&self) -> Option<&Role> {
        match self {
            Self::Direct => None,
            Self::Through(host) => Some(host.role()),
        }
    }
}

/// Asks.
pub struct Asker<'a> {
    line: Line,
    patience: Duration,
    signing: Option<(Key, &'a dyn Clock)>,
}

/// A conversation with one server.
pub struct Session<'a> {
    asker: &'a Asker<'a>,
    server: &'a Server,
    channel: Channel,
}

impl<'a> Asker<'a> {
    /// Asks by way of `line`.
    #[must_use]
    pub fn new(line: Line) -> Self {
        Self { line, patience: PATIENCE, signing: None }
    }

    /// Asks by the unit's own line, for no longer than its step may take, and signs where there is a key.
    #[must_use]
    pub fn of(cx: &Read<'a>, key: Option<Key>) -> Self {
        let patience = cx.env().timeout.map_or(PATIENCE, |timeout| timeout.min(PATIENCE));
        Self { line: Line::of(cx), patience, signing: key.map(|key| (key, cx.around().clock())) }
    }

    /// From where it asks.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// A conversation over TCP. Where that is refused, by datagrams.
    ///
    /// # Errors
    /// Where nobody is there.
    pub async fn session(&'a self, server: &'a Server) -> Result<Session<'a>, Trouble> {
        let channel = match &self.line {
            Line::Through(host) => Channel::through(host, server, self.patience).await?,
            Line::Direct => match Channel::stream(server, self.patience).await {
                Err(Trouble::Unreachable(why)) => {
                    let channel = Channel::datagrams(server, self.patience).await;
                    channel.map_err(|_| Trouble::Unreachable(why))?
                }
                channel => channel?,
            },
        };
        Ok(Session { asker: self, server, channel })
    }

    /// Asks as resolvers do: by datagrams first, over TCP where those do not get through or are too small.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn ask(&'a self, server: &'a Server, questions: &[Question]) -> Result<Vec<Answer>, Trouble> {
        if matches!(self.line, Line::Direct) {
            let channel = Channel::datagrams(server, self.patience).await?;
            let mut session = Session { asker: self, server, channel };
            match session.try_asking(questions).await {
                Ok(Some(answers)) => return Ok(answers),
                Ok(None) | Err(Trouble::Unreachable(_) | Trouble::Silent(_)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        let channel = match &self.line {
            Line::Direct => Channel::stream(server, self.patience).await?,
            Line::Through(host) => Channel::through(host, server, self.patience).await?,
        };
        Session { asker: self, server, channel }.ask(questions).await
    }
}

impl Session<'_> {
    /// Asks all of it at once.
    ///
    /// # Errors
    /// Where there is no answer, or not to all of it.
    pub async fn ask(&mut self, questions: &[Question]) -> Result<Vec<Answer>, Trouble> {
        let server = self.server;
        let too_large = || Trouble::Garbled(format!("the answer of {server} is too large, and it speaks no TCP"));
        self.try_asking(questions).await?.ok_or_else(too_large)
    }

    /// Sends an update. That it has been sent and what came of it is not known in every error but `Denied`.
    ///
    /// # Errors
    /// Where there is no answer, or the signature is not accepted.
    pub async fn update(&mut self, message: Message) -> Result<ResponseCode, Trouble> {
        let answers = self.exchange(vec![message], false).await?;
        let answer = answers.and_then(|answers| answers.into_iter().next());
        let garbled = || Trouble::Garbled(format!("the answer of {} to the update is cut off", self.server));
        Ok(answer.ok_or_else(garbled)?.response_code)
    }

    async fn try_asking(&mut self, questions: &[Question]) -> Result<Option<Vec<Answer>>, Trouble> {
        let messages = questions.iter().map(Question::message).collect();
        let Some(answers) = self.exchange(messages, true).await? else { return Ok(None) };
        for (answer, question) in answers.iter().zip(questions) {
            let asked = answer
                .queries
                .first()
                .is_none_or(|query| query.name() == &question.name && query.query_type() == question.kind);
            if !asked {
                return Err(Trouble::Garbled(format!("{} answers what was not asked", self.server)));
            }
        }
        Ok(Some(answers.iter().zip(questions).map(|(answer, question)| Answer::of(answer, question)).collect()))
    }

    /// None where an answer does not fit a datagram.
    async fn exchange(&mut self, messages: Vec<Message>, again: bool) -> Result<Option<Vec<Message>>, Trouble> {
        let mut signed: Vec<Option<Signed>> = Vec::new();
        let mut requests = Vec::new();
        // Answers over one connection come in any order, so no two questions may have the same id.
        let first = messages.first().map_or(0, |message| message.id);
        for (message, number) in messages.into_iter().zip(0..) {
            let mut message = message;
            message.metadata.id = first.wrapping_add(number);
            signed.push(match &self.asker.signing {
                Some((key, clock)) => Some(key.sign(&mut message, clock.now())?),
                None => None,
            });
            let bytes = message.to_vec();
            requests.push(bytes.map_err(|error| Trouble::Garbled(format!("the message cannot be written: {error}")))?);
        }
        let Reply::Whole(answers) = self.channel.exchange(&requests, again).await? else { return Ok(None) };
        let server = self.server.to_string();
        let verified = answers.into_iter().zip(signed).map(|(bytes, signed)| {
            let answer = Message::from_vec(&bytes);
            let answer =
                answer.map_err(|error| Trouble::Garbled(format!("{server} answers what cannot be read: {error}")))?;
            if answer.message_type != MessageType::Response {
                return Err(Trouble::Garbled(format!("{server} answers with a question")));
            }
            if let Some(signed) = signed {
                signed.verify(&bytes, &answer, &server)?;
            }
            Ok(answer)
        });
        verified.collect::<Result<_, _>>().map(Some)
    }
}

impl Question {
    fn message(&self) -> Message {
        let mut message = Message::query();
        message.metadata.op_code = OpCode::Query;
        message.metadata.recursion_desired = self.recursive;
        message.add_query(Query::query(self.name.clone(), self.kind));
        message
    }
}
