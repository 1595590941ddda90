//! Takes a script in, whole or not at all.

use super::at_once;
use super::parse::{LineFault, parse};
use crate::outside::Outside;
use crate::world::script::{Fired, Rule, Scripting, Trigger};

/// Loads a script at the start. One that was kept with the world goes on where it was.
pub(crate) fn resume(outside: &Outside, text: &str) -> Result<(), Vec<LineFault>> {
    if outside.read(|world| world.scripting.text == text) {
        return Ok(());
    }
    load(outside, text)
}

/// Replaces the script that was loaded, and begins to count anew.
pub(crate) fn load(outside: &Outside, text: &str) -> Result<(), Vec<LineFault>> {
    let now_ms = outside.now_ms();
    let rules = parse(text, now_ms)?;
    outside.change(|world| {
        let recorded = std::mem::take(&mut world.scripting.recorded);
        world.scripting = Scripting {
            text: text.to_owned(),
            loaded_ms: now_ms,
            recorded,
            ..Scripting::default()
        };
        let done = |mut rule: Rule| {
            if rule.trigger == Trigger::Now {
                let said = at_once(world, &rule.action, None, now_ms).unwrap_or_default();
                rule.fired = Some(Fired { at_ms: now_ms, said });
            }
            rule
        };
        let rules = rules.into_iter().map(done).collect();
        world.scripting.rules = rules;
    });
    Ok(())
}
