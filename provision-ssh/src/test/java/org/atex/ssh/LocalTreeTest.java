package org.atex.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trees from a hostile system: nothing is written outside the target. */
@ExtendWith(LeakCheck.class)
class LocalTreeTest {
    @TempDir
    private Path directory;

    private Path target;
    private Path outside;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private TarArchiveOutputStream archive;

    @BeforeEach
    void createTarget() throws Exception {
        target = Files.createDirectory(directory.resolve("target"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("victim"), "untouched");
        archive = new TarArchiveOutputStream(bytes, "UTF-8");
        archive.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    @AfterEach
    void assertNothingOutside() throws Exception {
        try (var files = Files.list(outside)) {
            assertThat(files).containsExactly(outside.resolve("victim"));
        }
        assertThat(outside.resolve("victim")).hasContent("untouched");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(target, outside);
        }
    }

    private LocalTreeTest file(String name) throws IOException {
        byte[] content = "evil".getBytes(UTF_8);
        TarArchiveEntry entry = new TarArchiveEntry(name, true);
        entry.setSize(content.length);
        archive.putArchiveEntry(entry);
        archive.write(content);
        archive.closeArchiveEntry();
        return this;
    }

    private LocalTreeTest entry(String name, byte type, String link) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
        entry.setLinkName(link);
        archive.putArchiveEntry(entry);
        archive.closeArchiveEntry();
        return this;
    }

    private LocalTreeTest link(String name, String to) throws IOException {
        return entry(name, TarConstants.LF_SYMLINK, to);
    }

    private LocalTreeTest second(String name, String of) throws IOException {
        return entry(name, TarConstants.LF_LINK, of);
    }

    private LocalTreeTest folder(String name) throws IOException {
        return entry(name, TarConstants.LF_DIR, "");
    }

    private void unpack() throws IOException {
        archive.close();
        LocalTree tree = new LocalTree(target, (path, moved) -> {});
        new Untar(tree, "name").read(new ByteArrayInputStream(bytes.toByteArray()));
        tree.finish();
    }

    private void assertRefused() {
        assertThatThrownBy(this::unpack).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside/new",
                "./../outside/new",
                "a/../../outside/new",
                "..",
                "a/..",
                "./a/b/../../../outside/new",
                "/tmp/atex-evil",
                "//tmp/atex-evil"
            })
    void namesOutsideTheTargetAreRefused(String name) throws Exception {
        folder("./").file(name).assertRefused();
        assertThat(Path.of("/tmp/atex-evil")).doesNotExist();
    }

    @Test
    void directoriesOutsideTheTargetAreRefused() throws Exception {
        folder("./").folder("../outside/new/").assertRefused();
    }

    @Test
    void linksWithNamesOutsideTheTargetAreRefused() throws Exception {
        folder("./").link("../outside/new", "/etc").assertRefused();
    }

    @Test
    void aFileBelowALinkReplacesTheLink() throws Exception {
        folder("./").link("./way", outside.toString()).file("./way/victim").unpack();
        assertThat(target.resolve("way")).isDirectory();
        assertThat(Files.isSymbolicLink(target.resolve("way"))).isFalse();
        assertThat(target.resolve("way/victim")).hasContent("evil");
    }

    @Test
    void aFileBelowARelativeLinkReplacesTheLink() throws Exception {
        folder("./").link("./way", "../outside").file("./way/deeper/victim").unpack();
        assertThat(target.resolve("way/deeper/victim")).hasContent("evil");
    }

    @Test
    void aFileReplacesALinkToAFile() throws Exception {
        folder("./")
                .link("./way", outside.resolve("victim").toString())
                .file("./way")
                .unpack();
        assertThat(target.resolve("way")).hasContent("evil");
    }

    @Test
    void aDirectoryReplacesALink() throws Exception {
        folder("./").link("./way", outside.toString()).folder("./way/").unpack();
        assertThat(Files.isDirectory(target.resolve("way"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
    }

    /** The mode and times of the directory are set last; they must not be set through the link. */
    @Test
    void aLinkThatReplacesADirectoryDoesNotChangeItsTarget() throws Exception {
        Object before = Files.getAttribute(outside, "unix:mode");
        Object time = Files.getLastModifiedTime(outside);
        folder("./").folder("./way/").link("./way", outside.toString());
        try {
            unpack();
        } catch (IOException e) {
            // An error is allowed, too.
        }
        assertThat(Files.getAttribute(outside, "unix:mode")).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(outside)).isEqualTo(time);
    }

    @Test
    void anExistingLinkIsReplaced() throws Exception {
        Files.createSymbolicLink(target.resolve("way"), outside);
        folder("./").file("./way/victim").unpack();
        assertThat(target.resolve("way/victim")).hasContent("evil");
    }

    @Test
    void aHardLinkToAFileOutsideIsRefused() throws Exception {
        folder("./").second("./copy", outside.resolve("victim").toString()).assertRefused();
        assertThat(target.resolve("copy")).doesNotExist();
    }

    @Test
    void aHardLinkByTwoDotsIsRefused() throws Exception {
        folder("./").second("./copy", "../outside/victim").assertRefused();
    }

    @Test
    void aHardLinkThroughALinkIsRefused() throws Exception {
        folder("./")
                .link("./way", outside.toString())
                .second("./copy", "./way/victim")
                .assertRefused();
        assertThat(target.resolve("copy")).doesNotExist();
    }

    @Test
    void aHardLinkToALinkIsRefused() throws Exception {
        folder("./")
                .link("./way", outside.resolve("victim").toString())
                .second("./copy", "./way")
                .assertRefused();
    }

    @Test
    void aFileThatWasHardLinkedAndIsReceivedAgainIsReplaced() throws Exception {
        folder("./").file("./one").second("./two", "./one").file("./two").unpack();
        assertThat(target.resolve("two")).hasContent("evil");
    }

    @Test
    void aNulInANameStaysInside() throws Exception {
        folder("./");
        TarArchiveEntry entry = new TarArchiveEntry("./x", true);
        entry.addPaxHeader("path", "./a\0b");
        archive.putArchiveEntry(entry);
        archive.closeArchiveEntry();
        try {
            unpack();
        } catch (IOException e) {
            // An error is allowed, too, but no other exception.
        }
    }

    @Test
    void aDirectoryReplacesAFile() throws Exception {
        folder("./").file("./a").folder("./a/").file("./a/b").unpack();
        assertThat(target.resolve("a/b")).hasContent("evil");
    }

    @Test
    void aFileDoesNotReplaceADirectory() throws Exception {
        folder("./").folder("./a/").file("./a/b").file("./a").assertRefused();
    }

    @Test
    void devicesAreSkipped() throws Exception {
        folder("./")
                .entry("./device", TarConstants.LF_CHR, "")
                .entry("./block", TarConstants.LF_BLK, "")
                .entry("./pipe", TarConstants.LF_FIFO, "")
                .file("./good")
                .unpack();
        try (var files = Files.list(target)) {
            assertThat(files).containsExactly(target.resolve("good"));
        }
    }

    @Test
    void aSingleFileIsTheTarget() throws Exception {
        Path file = target.resolve("file");
        file("./name").archive.close();
        LocalTree tree = new LocalTree(file, (path, moved) -> {});
        new Untar(tree, "name").read(new ByteArrayInputStream(bytes.toByteArray()));
        assertThat(file).hasContent("evil");
    }

    @Test
    void entriesAfterASingleFileStayInside() throws Exception {
        Path file = target.resolve("file");
        link("./name", outside.toString())
                .file("./name")
                .file("./victim")
                .archive
                .close();
        LocalTree tree = new LocalTree(file, (path, moved) -> {});
        try {
            new Untar(tree, "name").read(new ByteArrayInputStream(bytes.toByteArray()));
            tree.finish();
        } catch (IOException e) {
            // An error is allowed, too.
        }
    }

    @Test
    void aTruncatedStreamIsAnError() throws Exception {
        folder("./").file("./a").archive.close();
        LocalTree tree = new LocalTree(target, (path, moved) -> {});
        byte[] half = Arrays.copyOf(bytes.toByteArray(), 1024 + 2);
        assertThatThrownBy(() -> new Untar(tree, "name").read(new ByteArrayInputStream(half)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void garbageIsAnError() {
        byte[] text = "Welcome to this machine!\n".repeat(100).getBytes(UTF_8);
        LocalTree tree = new LocalTree(target, (path, moved) -> {});
        assertThatThrownBy(() -> new Untar(tree, "name").read(new ByteArrayInputStream(text)))
                .isInstanceOf(IOException.class);
    }
}
