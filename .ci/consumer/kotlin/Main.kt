package consumer

import java.nio.file.Files
import java.nio.file.Path
import org.atex.adhoc.AdHocOrchestrator
import org.atex.fmf.FmfExecutor
import org.atex.fmf.FmfTests
import org.atex.jsonl.JsonLinesAggregator
import org.atex.local.LocalProvisioner

/** Runs an fmf tree on this machine, and checks the stored results of its test. */
fun main() {
    val directory = Files.createTempDirectory(Path.of(""), "results")
    val tree = directory.resolve("tree")
    Files.createDirectories(tree.resolve(".fmf"))
    Files.writeString(tree.resolve(".fmf/version"), "1\n")
    Files.writeString(tree.resolve("main.fmf"), "/greets:\n  test: echo hello\n")
    val results = directory.resolve("results.jsonl")

    val tests = FmfTests.from(tree).discover()
    val exitCode = LocalProvisioner.withMaxSystems(1).use { systems ->
        JsonLinesAggregator.open(results, directory.resolve("files")).use { lines ->
            AdHocOrchestrator.builder(tests)
                .on("here", systems)
                .with(FmfExecutor.factory(tests))
                .into(lines)
                .build()
                .use { it.run().exitCode() }
        }
    }
    check(exitCode == 0) { "exit code $exitCode" }
    val line = Files.readString(results)
    check(line.startsWith("""["here","pass","/greets",null,""")) { line }
    println("consumer: Kotlin: ok")
}
