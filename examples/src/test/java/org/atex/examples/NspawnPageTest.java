package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Offer;
import org.atex.api.Provisioner;
import org.atex.api.Remote;
import org.atex.lab.Lab;
import org.atex.lab.LabImage;
import org.atex.lab.OpenSsh;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on the containers of systemd-nspawn of {@code docs/writing-a-provisioner.md}. */
class NspawnPageTest extends ProvisionerContract {
    private static final String SHOWN = "NspawnContainer";

    @RegisterExtension
    static final Lab LAB = new Lab();

    @TempDir
    private static Path directory;

    private static URLClassLoader classes;
    private static Path tree;
    private static Path key;

    @BeforeAll
    static void prepare() throws Exception {
        classes = JavaSample.load("docs/writing-a-provisioner.md", SHOWN, directory);
        key = directory.resolve("key");
        OpenSsh.key(key, "");
        tree = Files.createDirectory(directory.resolve("tree"));
        Process export = new ProcessBuilder(
                        "sh",
                        "-c",
                        "container=$(podman create \"$1\" true) && podman export \"$container\" | tar -x -C \"$2\""
                                + " && podman rm \"$container\"",
                        "export",
                        LabImage.SYSTEMD.reference(),
                        tree.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(export.getInputStream().readAllBytes());
        assertThat(export.waitFor()).as(output).isZero();
    }

    @AfterAll
    static void close() throws Exception {
        if (classes != null) {
            classes.close();
        }
    }

    @Override
    protected Provisioner open() throws Exception {
        var provisioner = classes.loadClass(SHOWN).getMethod("provisioner", int.class, Path.class, Path.class);
        return (Provisioner) provisioner.invoke(null, 3, tree, key);
    }

    @Override
    protected int maxSystems() {
        return 3;
    }

    @Test
    void resetThrowsAwayAllChanges() throws Exception {
        try (Provisioner provisioner = open()) {
            provisioner.provision(1);
            Remote system = ((Offer.Ready) provisioner.take(Duration.ofSeconds(60))).remote();
            String change = "touch /marker /etc/marker && rm -r /usr/share/doc && ls /marker";
            assertThat(system.connection().run(Command.bash(change)).succeeded())
                    .isTrue();

            assertThat(system.reset()).isTrue();

            String check = "ls -d /usr/share/doc && ! ls -d /marker /etc/marker";
            assertThat(system.connection().run(Command.bash(check)).succeeded())
                    .as("a marker is gone, and a deleted directory is back")
                    .isTrue();
            assertThat(tree.resolve("etc/marker")).doesNotExist();
        }
    }
}
