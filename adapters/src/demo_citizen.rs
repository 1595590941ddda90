//! Makes a citizen at mock channels beside, for who tries the API in a demo. Production has no
//! mock channels, so nothing of this is ever built there.

use crate::http::{HttpClient, unknown};
use domain::outside::OutsideError;
use serde::Deserialize;

/// A citizen who has just opened the mini-program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCitizen {
    /// What `wx.login` gives: once.
    pub code: String,
    /// What the phone button gives: once.
    pub phone_code: String,
    /// The number plate of the own car.
    pub plate_no: String,
    /// The last six of its VIN.
    pub vin_tail: String,
}

/// The control API of mock channels.
#[derive(Debug, Clone)]
pub struct DemoCitizens {
    http: HttpClient,
    control: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CitizenWire {
    citizen_id: String,
    vehicles: Vec<VehicleWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VehicleWire {
    plate_no: String,
    vin_tail: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodesWire {
    code: String,
    phone_code: String,
}

impl DemoCitizens {
    /// `mocks` is the address of mock channels, like `http://127.0.0.1:8090`.
    pub fn new(http: HttpClient, mocks: &str) -> Self {
        Self { http, control: format!("{mocks}/control") }
    }

    /// Where the levers are.
    pub fn control(&self) -> &str {
        &self.control
    }

    /// One who was never there before, with a car and two traffic violations.
    ///
    /// # Errors
    /// The mock channels did not answer as they should.
    pub async fn make(&self) -> Result<DemoCitizen, OutsideError> {
        let citizens = format!("{}/citizens", self.control);
        let made = self.http.post_json(&citizens, "{}".to_owned()).await?;
        let made: CitizenWire = serde_json::from_slice(&made).map_err(unknown)?;
        let codes = format!("{citizens}/{}/wechat-code", made.citizen_id);
        let codes = self.http.post_json(&codes, "{}".to_owned()).await?;
        let codes: CodesWire = serde_json::from_slice(&codes).map_err(unknown)?;
        let car = made.vehicles.into_iter().next();
        let (plate_no, vin_tail) = car.map(|car| (car.plate_no, car.vin_tail)).unwrap_or_default();
        Ok(DemoCitizen { code: codes.code, phone_code: codes.phone_code, plate_no, vin_tail })
    }
}
