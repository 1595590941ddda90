//! Answers as server-sent events: the distinct connections mode of the GraphQL-over-SSE protocol,
//! one operation for each request.

use super::super::requester::Wording;
use super::answer::Answer;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use std::convert::Infallible;
use std::time::Duration;

/// A comment so often keeps proxies from taking a quiet connection for a dead one.
const PING: Duration = Duration::from_secs(12);

/// The response that writes each answer as it comes.
pub fn respond(answers: BoxStream<'static, Answer>, wording: Wording) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, super::accept::MediaType::EventStream.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(
            frames(answers, wording, PING).map(|frame| Ok::<_, Infallible>(Bytes::from(frame))),
        )
}

/// `next` for each answer, a comment while there is none, `complete` behind the last.
fn frames(
    answers: BoxStream<'static, Answer>,
    wording: Wording,
    ping: Duration,
) -> impl Stream<Item = String> {
    stream::unfold(Some(answers), move |answers| async move {
        let mut answers = answers?;
        match tokio::time::timeout(ping, answers.next()).await {
            Ok(Some(answer)) => {
                Some((format!("event: next\ndata: {}\n\n", answer.json(wording)), Some(answers)))
            }
            Ok(None) => Some(("event: complete\ndata: \n\n".to_owned(), None)),
            Err(_) => Some((":\n\n".to_owned(), Some(answers))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{Response, Value};

    fn answer(number: i32) -> Answer {
        Response::new(Value::from(number)).into()
    }

    #[tokio::test]
    async fn each_answer_is_an_event_and_the_end_is_one_too() {
        let frames = frames(stream::iter([answer(1), answer(2)]).boxed(), Wording::Chinese, PING);
        let expected = [
            "event: next\ndata: {\"data\":1}\n\n",
            "event: next\ndata: {\"data\":2}\n\n",
            "event: complete\ndata: \n\n",
        ];
        assert_eq!(frames.collect::<Vec<_>>().await, expected);
    }

    #[tokio::test]
    async fn a_quiet_stream_is_kept_alive() {
        let frames = frames(stream::pending().boxed(), Wording::Chinese, Duration::from_millis(1));
        assert_eq!(frames.take(2).collect::<Vec<_>>().await, [":\n\n", ":\n\n"]);
    }
}
