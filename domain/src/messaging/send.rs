//! Makes messages of events and sends them: one event, one message, by the cheapest channel that
//! the citizen wishes and that leads there.
//!
//! An attempt is stored before the platform is called. Who dies in between leaves a message that
//! may have been sent: a platform that knows repeats is asked again, any other never is.

use super::message::backoff;
use super::{
    AttemptOutcome, Delivery, DeliveryReports, GrantMove, GrantStep, Letter, Message,
    MessageChange, MessageChannel, MessageSender, MessageState, MessageStore, MessageTemplate,
    MessageTemplates, NOT_SUBSCRIBED, NewMessage, Reach, ReachStore, TRIES_MAX, TemplateIds,
    quiet_until,
};
use crate::clock::Clock;
use crate::identity::{Channel, ChannelLink, Person, PersonStore, living};
use crate::outside::{OutsideError, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Longer than any call to a platform takes.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// A platform that reports is asked after so long, then ever more seldom…
const FIRST_REPORT: SignedDuration = SignedDuration::from_secs(10);
const REPORTS_APART_AT_MOST: SignedDuration = SignedDuration::from_hours(1);
/// …and no more when the message is so old.
const REPORTS_UNTIL: SignedDuration = SignedDuration::from_hours(48);

/// What was done with one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// It waits for the morning.
    Quiet,
    /// A platform took it.
    Sent(MessageChannel),
    /// A platform will not take it; the next one has its turn.
    Refused(MessageChannel),
    /// It never left; later again.
    PutOff(MessageChannel),
    /// It may have been sent, and is never sent again.
    Unknown(MessageChannel),
    /// Nobody carries it: it stands in the app.
    InboxOnly,
    /// A platform told what became of it, or that it does not know yet.
    Reported(MessageChannel),
    /// Another node was faster.
    Overtaken,
}

/// Use case: the worker of messages.
pub struct SendMessages {
    /// Messages.
    pub messages: Arc<dyn MessageStore>,
    /// What citizens allowed.
    pub reach: Arc<dyn ReachStore>,
    /// Who they are, and where.
    pub persons: Arc<dyn PersonStore>,
    /// The words.
    pub templates: Arc<MessageTemplates>,
    /// The platforms' ids of their templates.
    pub template_ids: TemplateIds,
    /// The platforms that are connected.
    pub senders: Vec<Arc<dyn MessageSender>>,
    /// Those that are asked what became of a message.
    pub reports: Vec<Arc<dyn DeliveryReports>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl SendMessages {
    /// One turn: new events become messages, and up to `limit` messages that are due are worked
    /// on. Each answers for itself.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not say what is to do.
    pub async fn run_once(
        &self,
        limit: u16,
    ) -> Result<Vec<(Message, Result<Worked, StoreError>)>, StoreError> {
        self.take_in(limit).await?;
        let now = self.clock.now();
        let due = self.messages.lease_messages(now, now + LEASE, limit).await?;
        let mut done = Vec::with_capacity(due.len());
        for message in due {
            let worked = match self.work(message.clone()).await {
                Err(StoreError::Conflict) => Ok(Worked::Overtaken),
                other => other,
            };
            done.push((message, worked));
        }
        Ok(done)
    }

    /// Does nothing outside, so that it is safe to repeat.
    async fn take_in(&self, limit: u16) -> Result<(), StoreError> {
        let events = self.messages.list_new_events(&self.templates.kinds(), limit).await?;
        for event in events {
            let Some(template) = self.templates.of(event.kind) else { continue };
            let new = NewMessage {
                template_version: template.version,
                words: template.words(&event.facts),
                about: template.about(&event.facts),
                due_at: self.clock.now(),
                key: event.key,
            };
            self.messages.accept(&new).await?;
        }
        Ok(())
    }

    async fn work(&self, message: Message) -> Result<Worked, StoreError> {
        match message.state() {
            MessageState::Waiting => self.start(message).await,
            MessageState::Sending(channel) => self.resume(message, channel).await,
            MessageState::Sent(channel) => self.ask(message, channel).await,
            MessageState::Delivered(_) | MessageState::Unknown(_) | MessageState::InboxOnly => {
                self.rest(message, None).await?;
                Ok(Worked::InboxOnly)
            }
        }
    }

    async fn rest(&self, message: Message, due_at: Option<Timestamp>) -> Result<(), StoreError> {
        self.messages.save_message(&MessageChange::of(Message { due_at, ..message })).await
    }

    async fn start(&self, message: Message) -> Result<Worked, StoreError> {
        let now = self.clock.now();
        let Some(template) = self.templates.of(message.event.kind) else {
            // A node of a release that knows the words will send it.
            self.rest(message, Some(now + REPORTS_APART_AT_MOST)).await?;
            return Ok(Worked::Overtaken);
        };
        if let Some(morning) = quiet_until(now).filter(|_| !template.urgent) {
            self.rest(message, Some(morning)).await?;
            return Ok(Worked::Quiet);
        }
        let Some((person, reach)) = self.reach_of(&message).await? else {
            self.rest(message, None).await?;
            return Ok(Worked::InboxOnly);
        };
        let wishes = self.reach.wishes(&person.ids()).await?;
        let wished = wishes.of(message.event.kind.group());
        let Some(letter) = self.choose(&message, template, &reach, wished) else {
            self.rest(message, None).await?;
            return Ok(Worked::InboxOnly);
        };
        let channel = letter.channel();
        let grant = grant_of(&letter, &reach, GrantStep::Use);
        let mut message = message.handing_over(channel, now);
        message.due_at = Some(now + LEASE);
        let change = MessageChange { message, grant };
        self.messages.save_message(&change).await?;
        let message = Message { version: change.message.version + 1, ..change.message };
        self.hand_over(message, &letter, &reach).await
    }

    /// The cheapest channel that the citizen wishes, that leads there, that would not refuse the
    /// words, and that was not tried in vain.
    fn choose(
        &self,
        message: &Message,
        template: &MessageTemplate,
        reach: &Reach,
        wished: &[MessageChannel],
    ) -> Option<Letter> {
        let open = |channel: &MessageChannel| {
            wished.contains(channel) && message.is_open(*channel) && self.sender(*channel).is_some()
        };
        let letters = MessageChannel::BY_COST.into_iter().filter(open).filter_map(|channel| {
            // A fault of the words is no reason to tell nothing: the next channel has others.
            template.letter(channel, &message.event, reach, &self.template_ids).ok().flatten()
        });
        letters.into_iter().next()
    }

    /// The node that handed it over died, or the platform did not answer.
    async fn resume(
        &self,
        message: Message,
        channel: MessageChannel,
    ) -> Result<Worked, StoreError> {
        let now = self.clock.now();
        let tries = message.attempt(channel).map_or(0, |attempt| attempt.tries);
        let again = self.sender(channel).filter(|sender| sender.knows_repeats());
        let template = self.templates.of(message.event.kind);
        if let (Some(_), Some(template), true) = (again, template, tries < TRIES_MAX)
            && let Some((_, reach)) = self.reach_of(&message).await?
            && let Ok(Some(letter)) =
                template.letter(channel, &message.event, &reach, &self.template_ids)
        {
            let mut message = message.handing_over(channel, now);
            message.due_at = Some(now + LEASE);
            let change = MessageChange::of(message);
            self.messages.save_message(&change).await?;
            let message = Message { version: change.message.version + 1, ..change.message };
            return self.hand_over(message, &letter, &reach).await;
        }
        let unknown = message.settled(channel, AttemptOutcome::Unknown, "no answer", now, None);
        self.messages.save_message(&MessageChange::of(unknown)).await?;
        Ok(Worked::Unknown(channel))
    }

    async fn hand_over(
        &self,
        message: Message,
        letter: &Letter,
        reach: &Reach,
    ) -> Result<Worked, StoreError> {
        let channel = letter.channel();
        let Some(sender) = self.sender(channel) else { return Ok(Worked::Overtaken) };
        let answer = sender.send(letter).await;
        let now = self.clock.now();
        let tries = message.attempt(channel).map_or(1, |attempt| attempt.tries);
        let (settled, grant, worked) = match answer {
            Ok(handed) => {
                let report = self.report(channel).map(|_| now + FIRST_REPORT);
                let mut sent = message.settled(channel, AttemptOutcome::Sent, "", now, report);
                let of_it = sent.attempts.iter_mut().find(|attempt| attempt.channel == channel);
                if let Some(attempt) = of_it {
                    attempt.platform_no = handed.platform_no;
                }
                (sent, None, Worked::Sent(channel))
            }
            Err(OutsideError::Refused { code, .. }) => {
                let step = if code == NOT_SUBSCRIBED { GrantStep::Drop } else { GrantStep::Return };
                let refused =
                    message.settled(channel, AttemptOutcome::Refused, &code, now, Some(now));
                (refused, grant_of(letter, reach, step), Worked::Refused(channel))
            }
            Err(OutsideError::NotSent(_)) => {
                let due = now + backoff(tries);
                let put_off = message.settled(
                    channel,
                    AttemptOutcome::NotSent,
                    "not reached",
                    now,
                    Some(due),
                );
                (put_off, grant_of(letter, reach, GrantStep::Return), Worked::PutOff(channel))
            }
            Err(OutsideError::OutcomeUnknown(_)) if sender.knows_repeats() => {
                let due = now + backoff(tries);
                let again =
                    message.settled(channel, AttemptOutcome::Sending, "no answer", now, Some(due));
                (again, None, Worked::PutOff(channel))
            }
            Err(OutsideError::OutcomeUnknown(_)) => {
                let unknown =
                    message.settled(channel, AttemptOutcome::Unknown, "no answer", now, None);
                (unknown, None, Worked::Unknown(channel))
            }
        };
        self.messages.save_message(&MessageChange { message: settled, grant }).await?;
        Ok(worked)
    }

    /// What became of it?
    async fn ask(&self, message: Message, channel: MessageChannel) -> Result<Worked, StoreError> {
        let now = self.clock.now();
        let sent_at = message.attempt(channel).map_or(now, |attempt| attempt.at);
        let age = now.duration_since(sent_at);
        let Some(report) = self.report(channel).filter(|_| age < REPORTS_UNTIL) else {
            self.rest(message, None).await?;
            return Ok(Worked::Reported(channel));
        };
        let said = report.delivery(&message.event.key).await;
        let later = Some(now + age.clamp(FIRST_REPORT, REPORTS_APART_AT_MOST));
        match said {
            // A report that cannot be had is one that is not there yet.
            Ok(Delivery::OnItsWay) | Err(_) => self.rest(message, later).await?,
            Ok(told @ (Delivery::Arrived | Delivery::Failed { .. })) => {
                let told = told_of(message, channel, &told, now);
                self.messages.save_message(&MessageChange::of(told)).await?;
            }
        }
        Ok(Worked::Reported(channel))
    }

    /// Where the living person can be reached; `None` where there is none.
    async fn reach_of(&self, message: &Message) -> Result<Option<(Person, Reach)>, StoreError> {
        let Some(person) = living(self.persons.as_ref(), &message.event.person).await? else {
            return Ok(None);
        };
        let links = self.persons.list_links(&person.id).await?;
        let on = |channel| {
            let newest = links.iter().rev().find(|link: &&ChannelLink| link.channel == channel);
            newest.map(|link| link.open_id.clone())
        };
        let owners = person.ids();
        let reach = Reach {
            we_chat: on(Channel::WeChat),
            alipay: on(Channel::Alipay),
            push_tokens: self.reach.push_tokens(&owners, self.clock.now()).await?,
            phone: person.phone.clone(),
            grants: self.reach.grants(&owners).await?,
        };
        Ok(Some((person, reach)))
    }

    fn sender(&self, channel: MessageChannel) -> Option<&Arc<dyn MessageSender>> {
        self.senders.iter().find(|sender| sender.channel() == channel)
    }

    fn report(&self, channel: MessageChannel) -> Option<&Arc<dyn DeliveryReports>> {
        self.reports.iter().find(|report| report.channel() == channel)
    }
}

fn grant_of(letter: &Letter, reach: &Reach, step: GrantStep) -> Option<GrantMove> {
    let (channel, template_id) = (letter.channel(), letter.uses_grant()?);
    let grant = reach.grant(channel, template_id)?;
    let (person, template_id) = (grant.person.clone(), grant.template_id.clone());
    Some(GrantMove { person, channel, template_id, step })
}

/// The message after a platform told what became of it. One that did not arrive goes on to the
/// next channel.
pub(super) fn told_of(
    message: Message,
    channel: MessageChannel,
    told: &Delivery,
    now: Timestamp,
) -> Message {
    match told {
        Delivery::OnItsWay => message,
        Delivery::Arrived => message.settled(channel, AttemptOutcome::Delivered, "", now, None),
        Delivery::Failed { reason } => {
            message.settled(channel, AttemptOutcome::Undelivered, reason, now, Some(now))
        }
    }
}

#[cfg(test)]
#[path = "send_tests.rs"]
pub(in crate::messaging) mod tests;
