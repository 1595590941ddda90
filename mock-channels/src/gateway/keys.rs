//! `Get_Keys`: the public keys that the gateway may sign with.

use super::document::{Details, field};
use crate::outside::Outside;

pub(super) fn all(outside: &Outside) -> Details {
    outside.read(|world| {
        let keys = world.secrets.gateway.valid().map(|key| {
            let der: String =
                key.public_pem.lines().filter(|line| !line.starts_with("-----")).collect();
            [
                field("KEYID", &key.id),
                field("ALGORITHM", key.algorithm.name()),
                field("PUBLICKEY", &der),
            ]
            .concat()
        });
        Ok(keys.collect())
    })
}
