package org.atex.findings;

import java.util.List;
import java.util.stream.Stream;

/** Texts that a test may have as its name, its reason or its output. */
final class HostileText {
    private HostileText() {}

    static Stream<String> texts() {
        return Stream.of(
                "`",
                "``` `` `",
                "``````````",
                "x`y``z```",
                " leading and trailing ",
                "   ",
                "# heading",
                "| a | b |\\|",
                "<script>alert(1)</script>",
                "</code></pre><img src=x onerror=alert(1)>",
                "<!-- comment",
                "[link](javascript:alert(1)) ![image](http://example.org/x.png)",
                "@octocat #1 org/repo#2 https://example.org/",
                "*a* _b_ **c** ~~d~~ \\` &lt; &amp;amp;",
                "::error file=a,line=1::pwned",
                "##vso[task.complete result=Succeeded;]",
                "##[error]x",
                "\u001b[31mred\u001b[0m and \u001b[2J\u001b]0;title\u0007",
                "\u001b[0Ksection_start:1:x\r\u001b[0K",
                "a\rb\u0000c\u0008d\u007fe\u0085f",
                "right-to-left \u202e override \u2066",
                "line\u2028separator\u2029s",
                "unpaired \ud800 and \udc00 surrogates, paired \ud83d\ude00",
                "\"quotes\" and \\backslashes\\",
                "two\nlines\n\n```\nand a fence\n```\n",
                "$`math`$ :smile: $$x$$",
                "- [ ] task\n1. item\n> quote\n    code\n---\n===",
                "x".repeat(1 << 20),
                "`".repeat(5000));
    }

    static List<String> all() {
        return texts().toList();
    }
}
