package org.atex.examples;

import java.net.URLClassLoader;
import java.nio.file.Path;
import org.atex.api.Provisioner;
import org.atex.testkit.ProvisionerContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on the provisioner of {@code docs/writing-a-provisioner.md}, with the test class of that page. */
class ProvisionerPageTest extends ProvisionerContract {
    private static final String TEST = "MachinePoolContractTest";

    @TempDir
    private static Path directory;

    private static URLClassLoader classes;
    private static ProvisionerContract shown;

    @BeforeAll
    static void compile() throws Exception {
        classes = JavaSample.load("docs/writing-a-provisioner.md", TEST, directory);
        var constructor = classes.loadClass(TEST).getDeclaredConstructor();
        constructor.setAccessible(true);
        shown = (ProvisionerContract) constructor.newInstance();
    }

    @AfterAll
    static void close() throws Exception {
        classes.close();
    }

    private static Object call(String method) throws Exception {
        var declared = shown.getClass().getDeclaredMethod(method);
        declared.setAccessible(true);
        return declared.invoke(shown);
    }

    @Override
    protected Provisioner open() throws Exception {
        return (Provisioner) call("open");
    }

    @Override
    protected int maxSystems() {
        try {
            return (int) call("maxSystems");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
