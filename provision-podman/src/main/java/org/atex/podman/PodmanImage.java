package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.atex.api.ProvisioningException;

/**
 * An image with what tests need on top of another one. Built once for its content: the same packages and lines on the same
 * image are there already the next time. Immutable; {@link #packages} and {@link #line} give changed copies.
 *
 * <p>{@snippet :
 * String image = PodmanImage.from("registry.fedoraproject.org/fedora:42")
 *         .packages("gcc", "make")
 *         .line("RUN useradd tester")
 *         .build();
 * }
 *
 * <p>Packages are installed by dnf, apt-get, zypper or apk, whichever the image has.
 *
 * <p>Thread safety: from any thread.
 */
public final class PodmanImage {
    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final Duration SHORT = Duration.ofMinutes(1);

    /** The first that is there; what they have fetched is not kept in the image. */
    private static final String INSTALL = """
            RUN set -e; \\
                if command -v dnf >/dev/null; then dnf install -y @PACKAGES@ && dnf clean all; \\
                elif command -v apt-get >/dev/null; then \\
                    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends @PACKAGES@ && \\
                    rm -rf /var/lib/apt/lists/*; \\
                elif command -v zypper >/dev/null; then zypper --non-interactive install @PACKAGES@ && zypper clean --all; \\
                elif command -v apk >/dev/null; then apk add --no-cache @PACKAGES@; \\
                else echo 'the image has none of dnf, apt-get, zypper and apk' >&2; exit 1; fi
            """;

    private final String base;
    private final List<String> lines;
    private final Podman podman;

    private PodmanImage(String base, List<String> lines, Podman podman) {
        this.base = base;
        this.lines = List.copyOf(lines);
        this.podman = podman;
    }

    /**
     * {@return an image that is another one so far}
     *
     * @param base what podman calls that one
     */
    public static PodmanImage from(String base) {
        return from(base, PodmanOptions.defaults());
    }

    /**
     * {@return an image that is another one so far}
     *
     * @param base what podman calls that one
     * @param options how podman is run
     */
    public static PodmanImage from(String base, PodmanOptions options) {
        refuseIfNoName(base);
        return new PodmanImage(base, List.of(), new Podman(options.program()));
    }

    private static void refuseIfNoName(String image) {
        if (image.isBlank() || image.startsWith("-") || image.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException("not the name of an image: '" + image + "'");
        }
    }

    /**
     * {@return this image with more packages}
     *
     * @param names what the image's package manager calls them
     */
    public PodmanImage packages(String... names) {
        List<String> words = new ArrayList<>();
        for (String name : names) {
            if (name.isBlank() || name.startsWith("-") || name.indexOf('\n') >= 0) {
                throw new IllegalArgumentException("not the name of a package: '" + name + "'");
            }
            words.add(ShellWords.quoted(name));
        }
        return words.isEmpty()
                ? this
                : line(INSTALL.replace("@PACKAGES@", String.join(" ", words)).stripTrailing());
    }

    /**
     * {@return this image with more of a Containerfile}
     *
     * @param text one instruction or several, such as {@code RUN useradd tester}; there are no files to copy
     */
    public PodmanImage line(String text) {
        List<String> more = new ArrayList<>(lines);
        more.add(text);
        return new PodmanImage(base, more, podman);
    }

    /**
     * {@return what podman calls this image, which is built if it is not here}
     *
     * @throws ProvisioningException if it cannot be built; the message has podman's words
     * @throws InterruptedException if interrupted
     */
    public String build() throws InterruptedException {
        return build(line -> {});
    }

    /**
     * {@return what podman calls this image, which is built if it is not here}
     *
     * @param progress is told what podman says meanwhile, line by line, in a thread of its own
     * @throws ProvisioningException if it cannot be built; the message has podman's words
     * @throws InterruptedException if interrupted
     */
    public String build(Consumer<String> progress) throws InterruptedException {
        try {
            if (!exists(base)) {
                podman.run(LIMIT, List.of("pull", base), progress);
            }
            String from = podman.run(SHORT, "image", "inspect", "--format={{.Id}}", base);
            String text = "FROM " + base + "\n" + String.join("\n", lines) + "\n";
            String name = "localhost/atex-built:" + digest(from + "\n" + text);
            if (!exists(name)) {
                build(name, text, progress);
            }
            return name;
        } catch (IOException e) {
            throw new ProvisioningException(
                    "could not build an image on " + base + ": " + e.getMessage() + Advice.on(e), e);
        }
    }

    private boolean exists(String image) throws IOException, InterruptedException {
        try {
            podman.run(SHORT, "image", "exists", image);
            return true;
        } catch (Podman.FailedException e) {
            if (!e.words().isEmpty()) {
                throw e;
            }
            return false;
        }
    }

    private void build(String name, String text, Consumer<String> progress) throws IOException, InterruptedException {
        Path context = Files.createTempDirectory("atex-image-");
        Path file = context.resolve("Containerfile");
        try {
            Files.writeString(file, text);
            // All that is said goes to the errors then, the output of the instructions too.
            List<String> line = List.of("build", "--pull=never", "--tag=" + name, "--file=" + file, context.toString());
            podman.runTelling(LIMIT, line, progress);
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(context);
        }
    }

    private static String digest(String text) {
        try {
            byte[] all = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(all, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * Pulls an image, even if it is here.
     *
     * @param image what podman calls it
     * @param progress is told what podman says meanwhile, line by line, in a thread of its own
     * @throws ProvisioningException if it cannot be had; the message has podman's words
     * @throws InterruptedException if interrupted
     */
    public static void pull(String image, Consumer<String> progress) throws InterruptedException {
        refuseIfNoName(image);
        try {
            new Podman(PodmanOptions.defaults().program()).run(LIMIT, List.of("pull", image), progress);
        } catch (IOException e) {
            throw new ProvisioningException("could not pull " + image + ": " + e.getMessage() + Advice.on(e), e);
        }
    }

    /**
     * Removes an image, if it is here.
     *
     * @param image what podman calls it
     * @throws ProvisioningException if it is in use; the message has podman's words
     * @throws InterruptedException if interrupted
     */
    public static void remove(String image) throws InterruptedException {
        refuseIfNoName(image);
        try {
            new Podman(PodmanOptions.defaults().program()).run(SHORT, "image", "rm", "--ignore", image);
        } catch (IOException e) {
            throw new ProvisioningException("could not remove " + image + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return base + " with " + lines.size() + " more instructions";
    }
}
