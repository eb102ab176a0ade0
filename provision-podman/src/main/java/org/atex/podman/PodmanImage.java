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
import org.atex.support.CommandScript;

/**
 * An image derived from another image by adding packages and instructions. It is built once for its content: a later
 * build of the same packages and instructions on the same base image returns the existing image.
 *
 * <p>Immutable; {@link #packages} and {@link #line} return changed copies.
 *
 * <p>{@snippet :
 * String image = PodmanImage.from("registry.fedoraproject.org/fedora:42")
 *         .packages("gcc", "make")
 *         .line("RUN useradd tester")
 *         .build();
 * }
 *
 * <p>Packages are installed with dnf, apt-get, zypper or apk: the first of these that the image contains.
 *
 * <p>Thread safety: safe for use from any thread.
 */
public final class PodmanImage {
    private static final Duration BUILD_TIMEOUT = Duration.ofMinutes(30);
    private static final Duration QUERY_TIMEOUT = Duration.ofMinutes(1);

    // The caches of the package managers are removed to keep the image small.
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
     * {@return an image that equals its base image so far}
     *
     * @param base the name of the base image
     */
    public static PodmanImage from(String base) {
        return from(base, PodmanOptions.defaults());
    }

    /**
     * {@return an image that equals its base image so far}
     *
     * @param base the name of the base image
     * @param options the options to run podman with
     */
    public static PodmanImage from(String base, PodmanOptions options) {
        checkImageName(base);
        return new PodmanImage(base, List.of(), new Podman(options.program()));
    }

    private static void checkImageName(String image) {
        if (image.isBlank() || image.startsWith("-") || image.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException("invalid image name: '" + image + "'");
        }
    }

    /**
     * {@return a copy of this image with additional packages}
     *
     * @param names the names of the packages in the package manager of the image
     */
    public PodmanImage packages(String... names) {
        List<String> quoted = new ArrayList<>();
        for (String name : names) {
            if (name.isBlank() || name.startsWith("-") || name.indexOf('\n') >= 0) {
                throw new IllegalArgumentException("invalid package name: '" + name + "'");
            }
            quoted.add(CommandScript.posixQuoted(name));
        }
        return quoted.isEmpty()
                ? this
                : line(INSTALL.replace("@PACKAGES@", String.join(" ", quoted)).stripTrailing());
    }

    /**
     * {@return a copy of this image with additional instructions}
     *
     * @param text one or more instructions of a Containerfile, for example {@code RUN useradd tester}; the build
     *     context is empty, so there are no files to copy
     */
    public PodmanImage line(String text) {
        List<String> more = new ArrayList<>(lines);
        more.add(text);
        return new PodmanImage(base, more, podman);
    }

    /**
     * Builds this image, unless it exists. Pulls the base image if necessary.
     *
     * @return the name of the image
     * @throws ProvisioningException if the image cannot be built; the message quotes podman
     * @throws InterruptedException if interrupted
     */
    public String build() throws InterruptedException {
        return build(line -> {});
    }

    /**
     * Builds this image, unless it exists. Pulls the base image if necessary. Pulling and building may take 30 minutes
     * each.
     *
     * @param progress receives each line of the output of podman, in another thread
     * @return the name of the image
     * @throws ProvisioningException if the image cannot be built; the message quotes podman
     * @throws InterruptedException if interrupted
     */
    public String build(Consumer<String> progress) throws InterruptedException {
        try {
            if (!exists(base)) {
                podman.run(BUILD_TIMEOUT, List.of("pull", base), progress);
            }
            String from = podman.run(QUERY_TIMEOUT, "image", "inspect", "--format={{.Id}}", base);
            String text = "FROM " + base + "\n" + String.join("\n", lines) + "\n";
            String name = "localhost/atex-built:" + digest(from + "\n" + text);
            if (!exists(name)) {
                build(name, text, progress);
            }
            return name;
        } catch (IOException e) {
            throw new ProvisioningException(
                    "could not build an image from " + base + ": " + e.getMessage() + FailureHints.hintFor(e), e);
        }
    }

    private boolean exists(String image) throws IOException, InterruptedException {
        try {
            podman.run(QUERY_TIMEOUT, "image", "exists", image);
            return true;
        } catch (Podman.FailedException e) {
            if (!e.errorOutput().isEmpty()) { // a missing image is reported by the exit code alone
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
            // The output of the instructions goes to standard output, and is progress as well.
            List<String> line = List.of("build", "--pull=never", "--tag=" + name, "--file=" + file, context.toString());
            podman.runWithOutput(BUILD_TIMEOUT, line, progress);
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
            throw new IllegalStateException("this Java runtime has no SHA-256, which every runtime must provide", e);
        }
    }

    /**
     * Pulls an image, even if there is a local one. The limit is 30 minutes.
     *
     * @param image the name of the image
     * @param progress receives each line of the progress output of podman, in another thread
     * @throws ProvisioningException if the image cannot be pulled; the message quotes podman
     * @throws InterruptedException if interrupted
     */
    public static void pull(String image, Consumer<String> progress) throws InterruptedException {
        checkImageName(image);
        try {
            new Podman(PodmanOptions.defaults().program()).run(BUILD_TIMEOUT, List.of("pull", image), progress);
        } catch (IOException e) {
            throw new ProvisioningException(
                    "could not pull " + image + ": " + e.getMessage() + FailureHints.hintFor(e), e);
        }
    }

    /**
     * Removes a local image, if it exists.
     *
     * @param image the name of the image
     * @throws ProvisioningException if the image is in use; the message quotes podman
     * @throws InterruptedException if interrupted
     */
    public static void remove(String image) throws InterruptedException {
        checkImageName(image);
        try {
            new Podman(PodmanOptions.defaults().program()).run(QUERY_TIMEOUT, "image", "rm", "--ignore", image);
        } catch (IOException e) {
            throw new ProvisioningException("could not remove " + image + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return base + " with " + lines.size() + " additional instructions";
    }
}
