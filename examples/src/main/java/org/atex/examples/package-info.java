/** Example programs. */
@NullMarked
package org.atex.examples;

import org.jspecify.annotations.NullMarked;
