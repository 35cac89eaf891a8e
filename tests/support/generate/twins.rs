//! Principals and keys that differ from others by name alone, or by a grant: what an engine may take together.

use super::super::rng::Rng;
use super::super::world::World;

/// Adds twins of some users, roles and keys.
pub fn add(rng: &mut Rng, world: &mut World) {
    for account in &mut world.accounts {
        for mut role in account.roles.clone() {
            let linked = role.path.starts_with("/aws-service-role/");
            if !linked && rng.percent(40) {
                role.name.push_str("-b");
                role.arn.push_str("-b");
                role.id = rng.unique_id("AROA");
                account.roles.push(role);
            }
        }
        for mut user in account.users.clone() {
            if rng.percent(25) {
                user.name.push_str("-b");
                user.arn.push_str("-b");
                user.id = rng.unique_id("AIDA");
                account.users.push(user);
            }
        }
    }
    for mut key in world.keys.clone() {
        if key.aws_managed || key.multi_region.is_some() || !rng.percent(40) {
            continue;
        }
        let old = key.id.clone();
        key.id = [8, 4, 4, 4, 12].map(|digits| rng.hex(digits)).join("-");
        key.arn = key.arn.replace(&old, &key.id);
        key.aliases = key.aliases.iter().map(|alias| format!("{alias}-b")).collect();
        key.grants.retain(|_| rng.percent(50));
        for grant in &mut key.grants {
            grant.id = rng.hex(64);
        }
        world.keys.push(key);
    }
}
