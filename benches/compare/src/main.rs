//! Measures countersign beside a ceiling and beside what others use: `benches/compare/run`, which builds and installs what
//! this needs and then starts it. The rule: no figure without its control, and none from a load with a wrong answer.

mod bars;
mod client;
mod configuration;
mod contenders;
mod generator;
mod jose;
mod kept;
mod keys;
mod machine;
mod options;
mod paced;
mod plan;
mod printed;
mod process;
mod report;
mod requests;
mod results;
mod round;
mod steady;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contenders::{Contender, Places, contenders};
use keys::Keys;
use options::Options;
use plan::{Speaks, Workload};
use report::{Cell, Row, Table};
use results::Block;
use round::Round;

type Fault = Box<dyn std::error::Error>;

/// All contenders in turns, so that what else the machine does falls on each of them.
fn measure(places: &Places, keys: &Keys, workload: &Workload, all: &[Contender], options: &Options) -> Table {
    let dialect = |one: &Contender| one.speaks.dialect(workload, one.knows_copies.is_some());
    let row = |one: &Contender| {
        let cell = match (dialect(one), one.missing(places)) {
            (None, _) => Cell::Dash,
            (Some(_), Some(why)) => Cell::LeftOut(why),
            (Some(_), None) => Cell::Rounds(Vec::new()),
        };
        Row { contender: one.name, keeps: one.keeps, cell }
    };
    let rows = all.iter().map(row).collect();
    let mut table = Table { workload: workload.clone(), how: options.how(workload), rows };
    let (count, times) = options.effort(workload);
    for number in 1..=count {
        for (contender, row) in all.iter().zip(&mut table.rows) {
            let Cell::Rounds(rounds) = &mut row.cell else { continue };
            let Some(dialect) = dialect(contender) else { continue };
            let round = Round { places, keys, workload, contender, dialect, times };
            match round.run() {
                Ok(figures) => {
                    eprintln!("{} {number}: {} {:.0}/s", workload.name, contender.name, figures.rate);
                    rounds.push(figures);
                }
                Err(error) => {
                    eprintln!("{} {number}: {}: no figure: {error}", workload.name, contender.name);
                    row.cell = Cell::Failed(error.to_string());
                }
            }
        }
    }
    table
}

/// What is said of the run in each block: the commit, and what else the machine did.
fn facts(before: &str, options: &Options) -> String {
    let busy = if machine::busy(before) { "; **on a busy machine**" } else { "" };
    let quick = if options.quick { "; quick" } else { "" };
    format!("commit {}; load average {before} before, {} after{busy}{quick}", machine::commit(), machine::load())
}

fn compare(places: &Places, keys: &Keys, before: &str, options: &Options) -> Result<(Vec<Block>, bool), Fault> {
    let (mut blocks, mut tables) = (Vec::new(), Vec::new());
    for workload in &options.workloads()? {
        let table = measure(places, keys, workload, &options.contenders(workload)?, options);
        println!("\n{}: {}\n{}\n{}{}", workload.name, workload.says, table.how, table.printed().text(), table.notes());
        blocks.push((options.block(workload.name), table.block(&facts(before, options))));
        tables.push(table);
    }
    let document: Vec<_> = tables.iter().map(Table::json).collect();
    let document = serde_json::json!({"facts": facts(before, options), "workloads": document});
    std::fs::write(places.built.join("compare.json"), serde_json::to_string_pretty(&document)? + "\n")?;
    println!("written: {}", places.built.join("compare.json").display());
    let failures: Vec<String> = tables.iter().flat_map(Table::failures).collect();
    failures.iter().for_each(|failure| eprintln!("FAILED: {failure}"));
    Ok((blocks, failures.is_empty()))
}

fn steady(places: &Places, keys: &Keys, before: &str, options: &Options, minutes: u64) -> Result<Vec<Block>, Fault> {
    let (contender, workload) = (options.steady_one()?, &plan::workloads()[0]);
    let dialect =
        contender.speaks.dialect(workload, true).ok_or("expected a contender of this workload, but found none")?;
    let (_, times) = options.effort(workload);
    let round = Round { places, keys, workload, contender: &contender, dialect, times };
    let ceiling =
        contenders().into_iter().find(|one| one.speaks == Speaks::Bare).ok_or("expected a ceiling, but found none")?;
    let dialect =
        ceiling.speaks.dialect(workload, false).ok_or("expected a ceiling of this workload, but found none")?;
    let beside = Round { places, keys, workload, contender: &ceiling, dialect, times };
    let found = steady::steady(&round, &beside, minutes).inspect_err(|_| steady::tidy(&places.built))?;
    println!("{}", found.notes());
    let block = found.block((&contender, workload), minutes, &facts(before, options));
    Ok(vec![(options.block(&format!("steady {}", contender.name)), block)])
}

fn run(options: &Options) -> Result<bool, Fault> {
    let workloads = options.workloads()?;
    if options.list {
        workloads.iter().for_each(|workload| println!("{:<15} {}", workload.name, workload.says));
        contenders().iter().for_each(|one| println!("{:<22} keeps {}", one.name, one.keeps));
        return Ok(true);
    }
    workloads.first().map(|workload| options.contenders(workload)).transpose()?;
    let before = std::env::var("COMPARE_LOAD").unwrap_or_else(|_| machine::load());
    if let Some(why) = machine::unfit(&before, options.busy).filter(|_| options.write) {
        return Err(format!("nothing is measured, because --write cannot be done: {why}").into());
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    let built = PathBuf::from(std::env::var("COMPARE_BUILT")?);
    let binary = PathBuf::from(std::env::var("COMPARE_BINARY")?);
    let places = Places { here, built, binary, cores: options.cores };
    let keys = Keys::make(&places.built.join("keys"))?;
    let facts = machine::machine(&places.built);
    println!("{facts}");
    let (mut blocks, well) = match options.steady {
        Some(minutes) => (steady(&places, &keys, &before, options, minutes)?, true),
        None => compare(&places, &keys, &before, options)?,
    };
    let text: String = blocks
        .iter()
        .map(|(name, text)| format!("<!-- compare {name}: begin -->\n{text}<!-- compare {name}: end -->\n"))
        .collect();
    println!("{}", bars::bars(&results::tables(&text)).text());
    std::fs::write(places.built.join("compare.md"), format!("{facts}\n{text}"))?;
    if options.write && well {
        blocks.push(("machine".to_owned(), facts));
        results::write(&places.here.join("../RESULTS.md"), &blocks)?;
    }
    Ok(well)
}

fn main() -> ExitCode {
    let outcome = Options::read(std::env::args().skip(1)).map_err(Into::into).and_then(|options| run(&options));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(64)
        }
    }
}
