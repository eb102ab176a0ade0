package org.atex.jsonl;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.atex.api.Artifacts;
import org.atex.api.ReportedResult;
import org.atex.api.TestRecord;
import org.atex.artifacts.ResultReader;
import org.atex.artifacts.SafePath;
import org.atex.artifacts.TempBuffer;
import org.jspecify.annotations.Nullable;

/** Renders the results of one attempt as text. */
final class Rendering {
    private final TestRecord record;
    private final String name;
    private final Artifacts artifacts;
    private final Remarks remarks;

    /** The result of the runner. Computed once: at the second rendering the files of the test have been moved. */
    private @Nullable ReportedResult runnerResult;

    Rendering(TestRecord record, String name, Artifacts artifacts, Remarks remarks) {
        this.record = record;
        this.name = name;
        this.artifacts = artifacts;
        this.remarks = remarks;
    }

    /** {@return the target of the files, relative to the directory for all files} */
    Path directory() {
        return Path.of(SafePath.ofPart(record.platform()), SafePath.ofTest(name));
    }

    /** {@return the directory of the files, or null if the test left none} */
    @Nullable
    Path files() throws IOException {
        if (artifacts.isNone()) {
            return null;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(artifacts.files())) {
            return entries.iterator().hasNext() ? artifacts.files() : null;
        } catch (NoSuchFileException e) {
            return null;
        } catch (DirectoryIteratorException e) {
            throw Objects.requireNonNull(e.getCause());
        }
    }

    /**
     * {@return a buffer with the text of all results, compressed if the options say so}
     *
     * @throws org.atex.artifacts.BrokenResultsException if the results of the test are invalid
     */
    TempBuffer render(JsonLinesOptions options, FileListing listing, Path directory) throws IOException {
        TempBuffer plain = new TempBuffer(directory);
        try {
            write(options.layout(), plain, listing, directory);
            return options.compression() == Compression.NONE
                    ? plain
                    : compress(plain, options.compression(), directory);
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private void write(Layout layout, TempBuffer to, FileListing listing, Path directory) throws IOException {
        RunnerResult runner = new RunnerResult(record.end());
        try (TempBuffer scratch = new TempBuffer(directory);
                ResultReader reader = ResultReader.of(artifacts)) {
            Layout.TestWriter writer = layout.writer(to, scratch, new Layout.Heading(record.platform(), name, listing));
            for (ReportedResult result = reader.next(); result != null; result = reader.next()) {
                runner.observe(result);
                writer.add(remarks.add(result, result.name() == null ? runner.end() : null));
            }
            if (runner.isNeeded()) {
                ReportedResult result = runnerResult == null ? runner.result(artifacts) : runnerResult;
                runnerResult = result;
                writer.add(remarks.add(result, null));
            }
            writer.end();
        }
    }

    private static TempBuffer compress(TempBuffer plain, Compression compression, Path directory) throws IOException {
        TempBuffer compressed = new TempBuffer(directory);
        try (plain) {
            try (OutputStream out = compression.compress(compressed, plain.size())) {
                plain.writeTo(out);
            }
            return compressed;
        } catch (IOException e) {
            compressed.close();
            throw e;
        }
    }
}
