/** Containers as systems. */
@NullMarked
package org.atex.podman;

import org.jspecify.annotations.NullMarked;
