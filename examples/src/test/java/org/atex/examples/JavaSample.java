package org.atex.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A block of Java in the documentation. It contains a whole file with types, or imports and statements, which are
 * wrapped in a class {@code Sample}. The word behind {@code java} selects how the build handles it:
 *
 * <ul>
 * <li>none: it is compiled, and run beside a copy of the example tests;
 * <li>{@code compiled}: it is compiled only, as the build lacks a requirement of it, or later blocks use its types;
 * <li>{@code fragment}: it is compiled behind the imports and statements of the comment {@code <!-- given} above it,
 * which readers do not see.
 * </ul>
 *
 * <p>Later blocks of a page can use the types of earlier ones.
 *
 * @param block its block in the page
 * @param name the name of its first class
 * @param source the complete source file
 */
record JavaSample(Markdown.Block block, String name, String source) {
    private static final Pattern TYPE =
            Pattern.compile("(?m)^(?:(?:public|final|abstract|sealed) )*(?:class|record|interface|enum) (\\w+)");

    static JavaSample of(Markdown.Block block) {
        Matcher type = TYPE.matcher(block.text());
        return type.find()
                ? new JavaSample(block, type.group(1), block.text())
                : new JavaSample(block, "Sample", program(block.given() + block.text()));
    }

    /** {@return the samples of a page, in order} */
    static List<JavaSample> in(Markdown page) {
        return page.blocks().stream()
                .filter(block -> block.language().equals("java"))
                .map(JavaSample::of)
                .toList();
    }

    /** {@return the samples of all pages} */
    static List<JavaSample> all() throws IOException {
        return Markdown.all().stream().flatMap(page -> in(page).stream()).toList();
    }

    boolean isRun() {
        return block.mark().isEmpty();
    }

    private boolean isStatements() {
        return name.equals("Sample");
    }

    /** {@return a class with the imports and statements} */
    static String program(String sample) {
        String imports = sample.lines()
                .filter(line -> line.startsWith("import "))
                .distinct()
                .collect(Collectors.joining("\n"));
        String body = sample.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n"));
        return imports + "\npublic class Sample {\npublic static void main(String[] args) throws Exception {\n" + body
                + "\n}\n}\n";
    }

    /** {@return the class path to run it, with the directories that the types of its page were compiled into} */
    String compile(Path directory) throws IOException {
        try (Compiler compiler = new Compiler(directory)) {
            return compiler.compile(this);
        }
    }

    /** Compiles samples, each of them once. Not thread-safe. */
    static final class Compiler implements AutoCloseable {
        private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        /** Shared, as it takes longer to open the libraries than to compile a sample. */
        private final StandardJavaFileManager files =
                compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);

        private final Set<JavaSample> compiled = new HashSet<>();
        private final Path directory;

        /**
         * Creates a compiler.
         *
         * @param directory a directory for the classes
         */
        Compiler(Path directory) {
            this.directory = directory;
        }

        /** {@return the class path to run a sample, with the directories of the types before it on its page} */
        String compile(JavaSample sample) throws IOException {
            String page = Markdown.ROOT.relativize(sample.block.page()).toString();
            String classPath = ClassPath.ofPrograms();
            for (JavaSample other : in(Markdown.of(page))) {
                boolean isThis = other.block.line() == sample.block.line();
                if (isThis || !other.isStatements() && other.block.line() < sample.block.line()) {
                    Path place = directory.resolve(page).resolve("line" + other.block.line());
                    if (!compiled.contains(other)) {
                        compile(other, Files.createDirectories(place), classPath);
                        compiled.add(other);
                    }
                    classPath = place + File.pathSeparator + classPath;
                }
            }
            return classPath;
        }

        private void compile(JavaSample sample, Path place, String classPath) throws IOException {
            Path file = Files.writeString(place.resolve(sample.name + ".java"), sample.source);
            StringWriter messages = new StringWriter();
            List<String> options =
                    new ArrayList<>(List.of("-d", place.toString(), "--release", "21", "-cp", classPath));
            options.addAll(List.of("-proc:none", "-Werror", "-Xlint:all,-classfile,-options,-path,-processing,-try"));
            boolean compiled = compiler.getTask(messages, files, null, options, null, files.getJavaFileObjects(file))
                    .call();
            assertThat(compiled).as(sample + "\n" + messages).isTrue();
        }

        @Override
        public void close() throws IOException {
            files.close();
        }
    }

    /**
     * Compiles a type of a page, with the types before it.
     *
     * @return a class loader that finds the types of the page
     */
    static URLClassLoader load(String page, String type, Path directory) throws IOException {
        JavaSample sample = in(Markdown.of(page)).stream()
                .filter(one -> one.name().equals(type))
                .findFirst()
                .orElseThrow();
        List<URL> places = new ArrayList<>();
        for (String place : sample.compile(directory).split(File.pathSeparator)) {
            if (place.startsWith(directory.toString())) {
                places.add(Path.of(place).toUri().toURL());
            }
        }
        return new URLClassLoader(places.toArray(URL[]::new), JavaSample.class.getClassLoader());
    }

    @Override
    public String toString() {
        return block.toString();
    }
}
