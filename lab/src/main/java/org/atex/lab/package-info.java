/** Real systems for tests: containers of images that are built from distribution packages, and a real sshd. */
@NullMarked
package org.atex.lab;

import org.jspecify.annotations.NullMarked;
