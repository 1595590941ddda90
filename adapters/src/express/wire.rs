//! The carrier's words.

use crate::http::{unexpected, unknown};
use domain::casework::delivery::{CarrierOrder, Track, TrackKind, Waybill};
use domain::outside::OutsideError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// As the carrier promises.
const TRACKS_MAX: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderWire<'a> {
    order_no: &'a str,
    sender: &'a str,
    content: &'a str,
    recipient: RecipientWire<'a>,
}

#[derive(Serialize)]
struct RecipientWire<'a> {
    name: &'a str,
    phone: &'a str,
    region: &'a str,
    address: &'a str,
}

impl<'a> OrderWire<'a> {
    pub(super) fn of(order: &CarrierOrder<'a>) -> Self {
        Self {
            order_no: order.no.as_str(),
            sender: order.sender,
            content: order.content,
            recipient: RecipientWire {
                name: &order.recipient.name,
                phone: order.recipient.phone.as_str(),
                region: order.address.region.as_str(),
                address: &order.address.detail,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskWire<'a> {
    pub order_no: &'a str,
    pub waybill_no: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerWire {
    pub code: String,
    #[serde(default)]
    pub message: String,
    waybill_no: Option<String>,
    tracks: Option<Vec<TrackWire>>,
}

#[derive(Deserialize)]
struct TrackWire {
    at: String,
    op: String,
    place: String,
    words: String,
}

impl AnswerWire {
    pub(super) fn into_waybill(self) -> Result<Waybill, OutsideError> {
        let text = self.waybill_no.ok_or_else(|| unexpected("no waybill", "orders"))?;
        Waybill::new(&text).map_err(|_| unexpected("not a waybill number", text))
    }

    pub(super) fn into_tracks(self) -> Result<Vec<Track>, OutsideError> {
        let tracks = self.tracks.ok_or_else(|| unexpected("no tracks", "tracks"))?;
        if tracks.len() > TRACKS_MAX {
            return Err(unexpected("more tracks than the carrier may send", tracks.len()));
        }
        tracks.into_iter().map(TrackWire::into_track).collect()
    }
}

impl TrackWire {
    fn into_track(self) -> Result<Track, OutsideError> {
        const WORDS_MAX: usize = 200;
        let at: Timestamp = self.at.parse().map_err(|error: jiff::Error| unknown(error))?;
        let kind = TrackKind::from_code(&self.op);
        let kind = kind.ok_or_else(|| unexpected("unknown track", &self.op))?;
        let cut = |text: String| text.chars().take(WORDS_MAX).collect();
        Ok(Track { at, kind, place: cut(self.place), words: cut(self.words) })
    }
}
