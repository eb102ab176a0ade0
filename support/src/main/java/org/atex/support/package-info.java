/** Threads, waits, streams and argument checks that the modules of this project share. */
@NullMarked
package org.atex.support;

import org.jspecify.annotations.NullMarked;
