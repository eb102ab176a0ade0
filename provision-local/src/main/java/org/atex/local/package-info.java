/** This machine as a system. */
@NullMarked
package org.atex.local;

import org.jspecify.annotations.NullMarked;
